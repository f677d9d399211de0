package smtp

import (
	"haven/platform/policy"
)

// LimitsOf are the policy's numbers for a port; letters for others take fewer recipients at submission.
func LimitsOf(p policy.Policy, submission bool) Limits {
	l := Limits{
		MessageSize:  p.Sending.MessageOctets,
		Recipients:   noLimitAtZero(p.Sending.RecipientsIn),
		Connections:  noLimitAtZero(p.Connection.Total),
		PerPlace:     noLimitAtZero(p.Connection.PerPlace),
		Errors:       noLimitAtZero(p.Connection.BadCommands),
		AuthFailures: noLimitAtZero(p.Connection.LoginTries),
	}
	if submission {
		l.Recipients = noLimitAtZero(p.Sending.Recipients)
	}
	if p.Connection.PerPlace == 0 { // who limits no place doesn't count letters or strangers' mistakes either
		l.Letters, l.UnknownAddresses = -1, -1
	}
	return l
}

// noLimitAtZero translates: zero means no limit in a policy, and the default here.
func noLimitAtZero(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// TimeoutsOf are the policy's waits.
func TimeoutsOf(p policy.Policy) Timeouts {
	return Timeouts{Command: p.Connection.CommandTimeout, Text: p.Connection.DataTimeout}
}
