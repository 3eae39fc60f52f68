//! The engine on a real store, with real folders and programs.

mod ends;
mod faulty;
mod killed;
mod planned;
mod resumed;
mod world;
