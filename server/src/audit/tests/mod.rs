mod checkpoints;
mod sealing;
