"""The proof that Patchring does its main job on the devices of a lab: `prove`, or `./dev lab --prove`.

roster             the tenants, and which device stands for what
server             the process that runs Patchring's server on the bridge
office             what a technician does: the commands of `patchring`, with keys on this machine
fleet              the devices: the agent's package on them, and facts read from them
record             questions to the tenants' hash-chained records
scene, waiting     all of that together, and how long the proof waits for something
ground, good, ...  the steps, in the order of `run.STEPS`
run, table         carries them out, prints what each took
"""
