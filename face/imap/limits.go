package imap

import (
	"math"
	"time"

	"haven"
	"haven/platform/policy"
)

// Limits are the policy's numbers for this face. A field that is zero takes its default.
type Limits struct {
	Idle        time.Duration // a session without a command, or in IDLE, is logged out; default 30 minutes (RFC 9051 §5.4)
	Login       time.Duration // to sign in; default 1 minute
	Command     time.Duration // one command's work, and each wait for more of it; default 5 minutes
	Write       time.Duration // the client takes no octet; default 1 minute
	Line        int           // octets of a command outside its literals; default 64 KiB
	Literal     int64         // octets of a command's literals, messages apart; default 64 KiB
	Message     int64         // octets of one APPENDed message; default 35 MB
	Appends     int           // messages of one APPEND; default 100
	Failures    int           // failed log ins; default 3
	Bad         int           // commands in a row that made no sense; default 20
	Connections int           // open at once; default 200,000
	PerPlace    int           // open at once from one network address; default 500
	PerPerson   int           // open at once of one person; default 100
	Shared      int           // shared mailboxes that one session lists; default 1,000
}

// LimitsOf takes the numbers from the policy. Those that it doesn't name keep their defaults.
func LimitsOf(p policy.Policy) Limits {
	c := p.Connection
	return Limits{
		Idle: c.IMAPIdle, Login: c.LoginTimeout, Command: c.CommandTimeout, Line: c.LineOctets, Literal: c.LiteralOctets,
		Message: p.Sending.MessageOctets, Failures: c.LoginTries, Bad: c.BadCommands, Connections: noLimitAtZero(c.Total),
		PerPlace: noLimitAtZero(c.PerPlace), PerPerson: noLimitAtZero(c.PerAccount), Shared: c.OpenMailboxes,
	}.withDefaults()
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
	def(&l.Line, 64<<10)
	def(&l.Literal, 64<<10)
	def(&l.Message, 35<<20)
	def(&l.Appends, 100)
	def(&l.Failures, 3)
	def(&l.Bad, 20)
	def(&l.Connections, 200_000)
	def(&l.PerPlace, 500)
	def(&l.PerPerson, 100)
	def(&l.Shared, 1000)
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

// arrive counts a connection, or refuses one too many.
func (t *tally) arrive(place string, most int) bool {
	if t.places == nil {
		t.places, t.persons = map[string]int{}, map[haven.AccountNo]int{}
	}
	if t.places[place] >= most {
		return false
	}
	t.places[place]++
	return true
}

// enter counts a person who signed in, or refuses one connection too many.
func (t *tally) enter(person haven.AccountNo, most int) bool {
	if t.persons[person] >= most {
		return false
	}
	t.persons[person]++
	return true
}

// depart takes a connection back; person is 0 when nobody signed in.
func (t *tally) depart(place string, person haven.AccountNo) {
	if t.places[place]--; t.places[place] == 0 {
		delete(t.places, place)
	}
	if person == 0 {
		return
	}
	if t.persons[person]--; t.persons[person] == 0 {
		delete(t.persons, person)
	}
}
