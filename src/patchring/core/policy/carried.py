"""What of a policy Patchring carries out by itself, and what people do as long as it does not.

One table. The printed policy says each entry of PEOPLE beside the rule that it is about, so that a client never signs a
promise that nobody keeps; what is not in the table is carried out by Patchring. An entry is taken out with the change
that makes it untrue. Paths are `table.field` in the names of `model.Policy` and its values.
"""

from collections.abc import Mapping

PEOPLE: Mapping[str, str] = {
    "segments.around": "a technician does these steps by hand, before and after the installation",
    "runs_on": "a technician restarts the host at a time that suits what runs on it",
    "approvals.due": "the owner watches the time; Patchring shows it and reminds nobody",
    "urgency.told": "the patch administrator calls the persons named",
    "reboots.warnings": "a technician tells the users before the restart",
    "reboots.deferrals": "a user asks the service desk for a later restart",
    "reboots.deadline": "a technician restarts the device when the time is up",
    "reboots.order": "a technician keeps the order of restarts",
    "reboots.at_once_max": "a technician restarts them a few at a time",
    "reboots.healthy_within": "a technician looks whether the device is well again",
    "remedies.uninstall": "a technician takes the update off",
    "remedies.vendor_workaround": "a technician applies the maker's workaround",
    "remedies.revert_snapshot": "a technician takes the machine back to its snapshot",
    "remedies.restore_backup": "a technician restores the backup",
    "catch_up_campaign": "the patch administrator starts the backlog in parts",
    "downloads.before": "updates are fetched when the installation begins",
    "downloads.metered": "we keep such devices out of the window while they are on the road",
    "downloads.site_rate_mbit_max": "we limit the rate in the network of the site",
    "downloads.battery_min": "users are asked to plug in",
    "downloads.disk_free_mib_min": "a technician looks at the free space",
    "standing.pilot": "the patch administrator chooses the first devices",
    "standing.stability": "the patch administrator takes it into account when releasing updates",
    "escalation": "the persons call one another in this order; Patchring shows what waits and calls nobody",
    "quiet_hours": "whoever calls keeps to them",
    "reporting": "the vCIO writes the report from the records of Patchring",
    "constraints": "we keep it ourselves: no rule of Patchring does",
}


def by_people(path: str) -> str:
    """Who does it as long as Patchring does not, as half a sentence; empty: Patchring carries it out."""
    return PEOPLE.get(path, "")


def all_by_people(*paths: str) -> str:
    """The same of several, each once, in the order given."""
    return "; ".join(dict.fromkeys(filter(None, map(by_people, paths))))
