"""Those who look at what a configuration rests on, and change nothing."""
