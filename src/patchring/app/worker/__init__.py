"""The worker: takes what is due, asks core, writes what follows. Level-triggered: a due row carries no decision."""
