mod account;
mod principal;
mod roles;
