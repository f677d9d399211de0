package job

import "time"

// firstWait is how long a job waits for its first run: a random part of its period, but no more than a minute,
// so that a job of once a day is done in a house that is restarted every night.
func firstWait(every time.Duration, random float64) time.Duration {
	return time.Duration(random * float64(min(every, time.Minute)))
}

// nextWait is the period, a tenth more or less, so that the jobs of many processes don't march in step.
func nextWait(every time.Duration, random float64) time.Duration {
	return time.Duration((0.9 + 0.2*random) * float64(every))
}

// leaseReserve is how much longer than a run its lease lasts. The process that has a job keeps it from run to run
// where runs are frequent; where they are not, whoever comes first takes the next.
func leaseReserve(every time.Duration) time.Duration {
	return min(2*every, time.Minute)
}
