"""What people and other systems touch: commands, rehearsal, demo, settings. May import all."""
