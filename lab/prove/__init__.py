"""The proof that Patchring does its main job on the devices of a lab: its steps, and the table it prints."""
