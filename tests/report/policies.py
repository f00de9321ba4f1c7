"""A policy that says something in every section, as an MSP with a dental practice would write it."""

from patchring.core.policy.model import Policy
from patchring.policyfile import load

BASELINE = """\
patchring: 1
layer: baseline
title: Rivermark baseline
automation: automatic
expected_duration: 20m
rings:
  - {name: our own devices, soak: {time: 4h, verified: 2}, growth: 3, at_once: 10}
  - {name: what can be spared, soak: {time: 1d, verified: 5, device_hours: 48}, growth: 3, at_once: 25}
  - {name: everybody, soak: {time: 2d, verified: 20}, growth: 4, at_once: 100}
  - {name: servers, soak: {time: 1d, verified: 2}, growth: 2, at_once: 5}
windows:
  any time: {any_time: yes}
  after close: {rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", start: "20:00", lasts: 4h, outside_hours: yes,
    catch_up: {when_seen: yes, within: 2d}}
  sunday night: {rule: FREQ=WEEKLY;BYDAY=SU, start: "02:00", lasts: 4h}
  patch sunday: {rule: FREQ=MONTHLY;BYDAY=2TU, days_after: 12, start: "02:00", lasts: 4h}
  emergency: {rule: FREQ=DAILY, start: "12:00", lasts: 90m}
blackouts:
  - {name: turn of the year, from: 2026-12-21, to: 2027-01-03}
reboots:
  at night: {rule: if_required, warnings: [1h, 10m], deferrals: 3, deadline: 2d, order: 1}
  hosts last: {rule: if_required, order: 2, at_once: 1, healthy_within: 30m}
segments:
  - {name: domain controllers, when: {role: domain_controller}, ring: 3, window: sunday night, remedy: with care,
     staffing: on_call, reboot: hosts last, around: [{check_backup: 24h}]}
  - {name: servers, when: {class: server}, ring: 3, window: sunday night, remedy: with care, reboot: hosts last}
  - {name: imaging, when: {class: specialised}, ring: 2, window: patch sunday, remedy: standard, reboot: never}
  - {name: our own, when: {internal: yes}, ring: 0, window: any time, remedy: standard}
  - {name: reception screens, when: {class: kiosk, criticality: low}, ring: 1, window: any time, remedy: standard}
  - {name: tills, when: {class: point_of_sale}, ring: 2, window: after close, remedy: standard, reboot: at night}
  - {name: everything else, ring: 2, window: after close, remedy: standard, reboot: at night}
approvals:
  - {name: previews, when: {classification: preview}, decide: hold}
  - {name: exploited, when: {provider: windows_update, origin: Microsoft, exploited: yes}, decide: expedite}
  - {name: servers reviewed, segments: [servers, domain controllers], decide: review, people: 2, due: 2d,
     owner: patch_administrator}
  - {name: windows security, when: {provider: windows_update, origin: Microsoft, classification: [security, critical]},
     decide: auto}
  - {name: debian security, when: {provider: apt, origin: Debian, label: Debian-Security}, decide: auto}
urgency:
  - {name: attacked, when: {exploited: yes}, soak_max: 4h, verified_max: 2, window: emergency, in_blackout: yes,
     tell: [patch_administrator, vcio]}
remedies:
  standard: {steps: [return_to_prior, uninstall], scope: failed, by: first_line}
  with care: {steps: [return_to_prior, revert_snapshot, restore_backup], scope: installed, by: first_line}
relations:
  - {name: stack first, kind: needs, when: {package: cumulative}, other: {package: servicing-stack}}
runs_on:
  - {name: hosts, host: {role: hypervisor}, guests: {class: server}}
releases: {superseded: replace, behind_max: 2}
catch_up_campaign: {at_once: 10, patches_at_once: 2}
downloads: {before: 1d, site_rate_mbit_max: 50}
limits: {tenant: 100, site: 25, redundancy_group: 1}
on_failure: {failed_max: 0, halt: patch}
people:
  dana: {name: Dana Winter, mail: dana@rivermark.example, phone: +49 341 5550101}
  omar: {name: Omar Haddad, mail: omar@rivermark.example, phone: +49 341 5550102}
  vera: {name: Vera Klein, mail: vera@rivermark.example}
escalation:
  first_line: {person: dana, deputy: omar, within: 15m}
  patch_administrator: {person: omar, deputy: dana, within: 30m}
  service_desk_lead: {person: dana, deputy: vera, within: 1h}
  vcio: {person: vera, deputy: omar, within: 4h}
quiet_hours: {from: "21:00", to: "07:00"}
reporting: {every: monthly, to: [vera]}
"""

TENANT = """\
layer: tenant
patchring: 1
title: Northwind Dental
windows:
  after close: {rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", start: "19:00"}
  friday afternoon: {rule: FREQ=WEEKLY;BYDAY=FR, start: "13:00", lasts: 5h}
hours: {monday: 08:00-18:00, tuesday: 08:00-18:00, wednesday: 08:00-18:00, thursday: 08:00-18:00, friday: 08:00-12:00}
blackouts:
  - {name: practice holidays, from: 2026-08-03, to: 2026-08-14, authority: client}
segments:
  - name: old imaging workstation
    when: {name: "XRAY-*"}
    ring: 3
    window: friday afternoon
    remedy: standard
    reboot: never
    automation: approve_first
    staffing: on_shift
approvals:
  - {name: imaging asks, segments: [imaging, old imaging workstation], decide: review, consent: yes, authority: client,
     owner: client_contact, due: 5d, reason: the maker of the X-ray has to agree}
exceptions:
  - name: reader update
    kind: exception
    patches: {package: reader}
    devices: {name: "XRAY-*"}
    owner: omar
    accepted_by: lena
    reason: the X-ray program needs the old reader
    control: the workstation has no way to the internet
    until: 2027-03-31
    due: 2026-10-15
    renewals: 1
people:
  lena: {name: Dr. Lena Vogt, mail: lena@northwind.example, phone: +49 341 5550200}
escalation:
  client_contact: {person: lena, deputy: vera, within: 1d}
reporting: {every: monthly, to: [vera, lena]}
client:
  constraints:
    - name: no restart while patients are here
      says: Nobody restarts a computer in a treatment room while a patient sits there.
      asked_by: lena
      since: 2026-05-01
      kept_by: [windows.after close]
    - name: call before the X-ray
      says: Call me before anybody touches the X-ray workstation.
      asked_by: lena
      since: 2026-05-01
standing: {stability: fragile, pilot: yes, rated_by: omar, reason: many old programs}
"""

SITE = """\
patchring: 1
layer: site Grimma
windows:
  after close: {start: "21:00"}
limits: {site: 5}
"""

STREAM = "---\n".join((BASELINE, TENANT, SITE))


def rich() -> Policy:
    """Baseline, tenant and a site."""
    return load(STREAM)


def plain() -> Policy:
    """The baseline alone."""
    return load(BASELINE)
