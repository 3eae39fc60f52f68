mod audit;
mod model;
