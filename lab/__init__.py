"""Real test devices on one machine: each a whole Debian that boots, installs, reboots, and loses its power.

`Lab().up(names)` makes what is missing, `Lab().down()` removes everything; docs/lab.md says what is made.

host, mirror         what the machine offers: root, kernel features, Debian's archive as its apt knows it
place, ledger        names and folders; the state file that lists everything made
network, pool        bridge and namespaces; snapshots of whole disks
base, golden         the image of every device, and the model device that is made from it
device, supervise    one device: power, programs inside, its disk; the process that keeps it powered
catalogue, deb       the lab's packages, one for each trouble a patch can bring, and how one is built
repository, signing  the signed apt repository that grows while devices look on
webserver, serve     the HTTP server on the bridge, and its process; service says how such a process starts
teardown             removal, from the state file alone
prove                the proof that Patchring does its main job on these devices
"""

from lab.device import Device
from lab.errors import LabError
from lab.lab import Lab
from lab.repository import Repository

__all__ = ["Device", "Lab", "LabError", "Repository"]
