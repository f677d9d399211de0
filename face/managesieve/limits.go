package managesieve

import (
	"math"
	"time"

	"haven"
	"haven/platform/policy"
)

// Limits are the policy's numbers for this face. A field that is zero takes its default.
type Limits struct {
	Idle        time.Duration // without a command; default 30 minutes (RFC 5804 §1.2)
	Login       time.Duration // to sign in; default 1 minute
	Command     time.Duration // one command's work, and each wait for more of it; default 5 minutes
	Write       time.Duration // the client takes no octet; default 1 minute
	Line        int           // octets of a command outside its literals; default 8 KiB
	Literal     int64         // octets of a literal; default 64 KiB
	Failures    int           // failed log ins; default 3
	Bad         int           // commands in a row that made no sense; default 20
	Connections int           // open at once; default 10,000
	PerPlace    int           // open at once from one network address; default 100
	PerPerson   int           // open at once of one person; default 10
}

// LimitsOf takes the numbers from the policy. Those that it doesn't name keep their defaults.
func LimitsOf(p policy.Policy) Limits {
	c := p.Connection
	return Limits{Idle: c.IMAPIdle, Login: c.LoginTimeout, Command: c.CommandTimeout, Literal: int64(p.Sieve.ScriptOctets), Failures: c.LoginTries, Bad: c.BadCommands,
		Connections: noLimitAtZero(c.Total), PerPlace: noLimitAtZero(c.PerPlace), PerPerson: noLimitAtZero(c.PerAccount)}.withDefaults()
}

// noLimitAtZero translates: zero means no limit in a policy, and the default here.
func noLimitAtZero(n int) int {
	if n == 0 {
		return math.MaxInt
	}
	return n
}

func (l Limits) withDefaults() Limits {
	def(&l.Idle, 30*time.Minute)
	def(&l.Login, time.Minute)
	def(&l.Command, 5*time.Minute)
	def(&l.Write, time.Minute)
	def(&l.Line, 8<<10)
	def(&l.Literal, 64<<10)
	def(&l.Failures, 3)
	def(&l.Bad, 20)
	def(&l.Connections, 10_000)
	def(&l.PerPlace, 100)
	def(&l.PerPerson, 10)
	return l
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// tally counts open connections by place and by person; it holds no more keys than there are connections.
type tally struct {
	places  map[string]int
	persons map[haven.AccountNo]int
}

func newTally() tally { return tally{map[string]int{}, map[haven.AccountNo]int{}} }

// add counts one more of a key, or refuses one too many.
func add[K comparable](in map[K]int, key K, most int) bool {
	if in[key] >= most {
		return false
	}
	in[key]++
	return true
}

func drop[K comparable](in map[K]int, key K) {
	if in[key]--; in[key] <= 0 {
		delete(in, key)
	}
}
