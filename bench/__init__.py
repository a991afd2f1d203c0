"""Speed, memory, cost and false alarms, each as a ratio against something named."""
