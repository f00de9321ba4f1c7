"""A text that says everything that can be said, each thing once; and one that says no more than it has to."""

TEXT = """\
patchring: 1
title: Whole
automation: automatic
expected_duration: 20m
rings:
  - {name: first, soak: {time: 1d, verified: 2, device_hours: 9}, growth: 2, at_once: 8}
  - {name: second, soak: {time: 2d, verified: 5}}
windows:
  any time: {any_time: yes}
  night:
    rule: FREQ=MONTHLY;BYMONTHDAY=30
    start: "22:00"
    lasts: 4h
    zone: Europe/Berlin
    begins: 2026-01-05
    days_after: 2
    short_months: last_day
    outside_hours: yes
    catch_up: {when_seen: yes, within: 2d}
    hours: {sunday: 10:00-12:00}
hours: {monday: [08:00-12:00, 13:00-17:00], tuesday: 08:00-17:00, wednesday: 08:00-13:00, thursday: 08:00-20:00,
        friday: 09:00-16:00, saturday: 10:00-12:00}
blackouts:
  - {name: fair, from: 2026-12-20, to: 2026-12-31, authority: client, segments: [tills]}
segments:
  - name: tills
    when: {class: [point_of_sale, kiosk], criticality: low}
    ring: 1
    window: night
    reboot: gentle
    remedy: back
    probes: [web, till]
    automation: approve_first
    staffing: on_call
    around: [drain, {stop_service: till}]
    tests: {till: a sale is booked, print: a receipt comes out}
  - {name: rest, ring: 1, window: any time, reboot: always, remedy: back}
approvals:
  - name: debian
    when: {provider: apt, origin: Debian}
    segments: [tills]
    decide: review
    people: 2
    consent: yes
    owner: vcio
    due: 1d
    authority: vendor
    reason: as agreed
  - {name: fast, when: {provider: apt, origin: Debian, exploited: yes}, decide: expedite}
urgency:
  - name: now
    when: {exploited: yes}
    segments: [rest]
    soak_max: 30m
    verified_max: 1
    window: any time
    in_blackout: yes
    tell: [vcio, first_line]
due_dates: cyber_essentials
exceptions:
  - name: old imager
    kind: deferral
    patches: {package: imager*}
    devices: {name: box}
    owner: ann
    accepted_by: bob
    reason: one version is certified
    control: a network of its own
    until: 2026-12-01
    due: 2026-11-01
    renewals: 3
reboots:
  gentle:
    rule: if_required
    warnings: [10m, 1h]
    deferrals: 2
    deadline: 3d
    order: 4
    at_once: 3
    healthy_within: 5m
remedies:
  back: {steps: [return_to_prior, vendor_workaround], scope: installed, way_back: optional, by: ann}
relations:
  - {name: runtime, kind: conflicts, when: {package: app}, other: {package: runtime}, older_than: "5"}
  - {name: tls, kind: shares, when: {package: mail}, component: openssl}
runs_on:
  - {name: cluster, host: {role: host}, guests: {role: [guest, vm]}}
releases: {superseded: restart, behind_max: 2}
catch_up_campaign: {at_once: 6, patches_at_once: 2}
downloads: {before: 2h, metered: yes, site_rate_mbit_max: 50, battery_min: 40, disk_free_mib_min: 4096}
proposals: {hold: review, expedite: refuse, approve: refuse}
people:
  ann: {name: Ann Lee, mail: ann@msp.example, phone: "+49 30 1"}
  bob: {name: Bob May, mail: bob@msp.example}
escalation:
  first_line: {person: ann, deputy: bob, within: 30m}
  patch_administrator: {person: ann, deputy: bob, within: 30m}
  service_desk_lead: {person: ann, deputy: bob, within: 30m}
  vcio: {person: bob, deputy: ann, within: 1h}
  client_contact: {person: bob, deputy: ann, within: 1d}
quiet_hours: {from: "22:00", to: "06:00"}
reporting: {every: monthly, to: [ann, bob]}
client:
  constraints:
    - {name: term, says: not in term, asked_by: The head, since: 2026-01-05, kept_by: [blackouts.fair]}
standing: {stability: fragile, pilot: yes, rated_by: ann, reason: old tills}
limits: {tenant: 20, site: 4, ring: 9, redundancy_group: 2, sites: {North: 3}}
on_failure: {failed_max: 1, halt: ring}
overrides:
  no_soak: {by: [Ann Lee, Bob May], reason: shown to a client}
"""

SMALL = """\
patchring: 1
title: Small
automation: observe
rings:
  - {name: first, soak: {time: 1d, verified: 2}}
  - {name: second, soak: {time: 2d, verified: 5}}
windows:
  night: {rule: FREQ=DAILY, start: "22:00", lasts: 4h}
segments:
  - {name: rest, ring: 1, window: night, remedy: back}
approvals:
  - {name: all, decide: hold}
urgency:
  - {name: now, when: {exploited: yes}, soak_max: 30m}
reboots:
  gentle: {rule: if_required}
on_failure: {failed_max: 1, halt: ring}
remedies:
  back: {steps: [return_to_prior]}
blackouts:
  - {name: fair, from: 2026-12-20, to: 2026-12-31}
people:
  ann: {name: Ann Lee, mail: ann@msp.example}
exceptions:
  - {name: old, kind: deferral, patches: {package: web}, devices: {name: box}, owner: ann, accepted_by: ann,
     reason: it breaks, control: none is needed, until: 2026-12-01}
relations:
  - {name: tls, kind: shares, when: {package: mail}, component: openssl}
"""
