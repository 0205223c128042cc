"""Everything around the Lambdas, in the order it is met: `commands` (what can be typed), `settings` (bridgehead.toml read
and checked), `parameters` (what is stored: settings, secrets, keys), `stack` (packaged, deployed, found again), `operate`
(doctor, canary, quarantine), `sla` (policies tried, shown, applied); on this machine `local` (the product without AWS, its
demo), `simulator` (the platforms), `mailbox` (a helpdesk), on `pages`; `bench` measures.
"""
