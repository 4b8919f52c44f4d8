"""Long runs against accidents and attacks: make torture. The suite runs a short form of each."""
