mod chain;
mod walk;
