"""What is true: questions, answers, and when one may stand for another."""
