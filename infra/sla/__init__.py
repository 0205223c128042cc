"""`bridgehead sla …`: a week under the policies, what a clock did and why, running clocks set anew."""
