package handover

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/platform/policy"

	"golang.org/x/text/unicode/norm"
)

// Facts are what MayHandOver looks at.
type Facts struct {
	Own     bool         // it is the person whose letters they are who acts
	Rights  haven.Rights // of the person, in the mailbox that gets them
	Letters int          // chosen, and not there already
	Room    bool         // the mailbox holds them
}

// MayHandOver says whether letters are copied now. They are a person's own: nobody else hands them over, whatever their rights.
func MayHandOver(f Facts) haven.Verdict {
	switch {
	case !f.Own:
		return haven.Refuse("handover.own", "Only the person whose letters they are hands them over.")
	case !f.Rights.Has(haven.Read):
		return haven.Refuse("handover.member", "There is no such mailbox.")
	case !f.Rights.Has(haven.Write):
		return haven.Refuse("handover.read-only", "You may read this mailbox, and not add to it. Ask one of its owners for the right to change it, then come back.")
	case f.Letters == 0:
		return haven.Refuse("handover.nothing", "Choose letters that the mailbox does not have already.")
	case !f.Room:
		return haven.Refuse("handover.no-room", "The mailbox has no room for these letters. Choose fewer, or ask one of its owners to delete what is no longer needed.")
	}
	return haven.Allow("handover.own-letters")
}

// MayCount says whether an owner is shown how much there is to hand over: somebody who manages the mailbox, of somebody who can add to it.
func MayCount(owner, person haven.Rights) haven.Verdict {
	if !owner.Has(haven.Manage) || !person.Has(haven.Read|haven.Write) {
		return haven.Refuse("handover.owners", "There is nothing to see here.")
	}
	return haven.Allow("handover.count")
}

// MayBegin says whether a handover that began at since, and not ended, stands in the way of another; zero: none did. One whose process ended is over
// after p.Within.
func MayBegin(since time.Time, p policy.Handover, now time.Time) haven.Verdict {
	if !since.IsZero() && now.Sub(since) < p.Within {
		return haven.Refuse("handover.busy", "Your letters are being handed over already. Look again in a minute.")
	}
	return haven.Allow("handover.own-letters")
}

// Offer is what of a person's own letters can be handed over: those exchanged with somebody with whom the premises has exchanged letters too, but for
// those that the premises has. inside are the addresses of the premises and of those who work there, with whom nobody corresponds in its name.
func Offer(own, premises []Letter, inside map[string]bool, p policy.Handover) (o Offered) {
	known, there := map[string]bool{}, map[string]bool{}
	for _, l := range premises {
		there[l.ID] = true
		for _, a := range exchanged(l, inside) {
			known[a.Key()] = true
		}
	}
	at := map[string]int{}
	for _, l := range newestFirst(own) {
		if there[l.ID] {
			continue
		}
		x := offered{Letter: l}
		for _, a := range exchanged(l, inside) {
			k := a.Key()
			if !known[k] || slices.Contains(x.with, k) {
				continue
			}
			i, met := at[k]
			if !met {
				if len(o.Correspondents) == p.Correspondents {
					o.More = true
					continue
				}
				i, at[k] = len(o.Correspondents), len(o.Correspondents)
				o.Correspondents = append(o.Correspondents, Correspondent{Address: a, Newest: l.At})
			}
			o.Correspondents[i].Letters++
			x.with = append(x.with, k)
		}
		if len(x.with) > 0 {
			there[l.ID] = true
			o.letters = append(o.letters, x)
		}
	}
	return o
}

func newestFirst(all []Letter) []Letter {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b Letter) int { return b.At.Compare(a.At) })
	return all
}

// exchanged is with whom a letter was exchanged: whoever wrote it, or, where somebody inside did, those outside to whom it went. Who stands beside others
// in a stranger's letter has exchanged nothing.
func exchanged(l Letter, inside map[string]bool) []haven.Address {
	outside := func(all []haven.Address) []haven.Address {
		return slices.DeleteFunc(slices.Clone(all), func(a haven.Address) bool { return inside[a.Key()] })
	}
	if from := outside(l.From); len(from) > 0 || len(l.From) == 0 {
		return from
	}
	return outside(l.To)
}

// Count is how much can be handed over.
func (o Offered) Count() Count {
	return Count{Letters: len(o.letters), Correspondents: len(o.Correspondents)}
}

// chosen are the letters exchanged with some of the correspondents, by their addresses' keys, and how many octets they have.
func (o Offered) chosen(keys []string) (all []offered, octets int64) {
	for _, l := range o.letters {
		l.with = slices.DeleteFunc(slices.Clone(l.with), func(k string) bool { return !slices.Contains(keys, k) })
		if len(l.with) > 0 {
			all, octets = append(all, l), octets+l.Octets
		}
	}
	return all, octets
}

// Chosen counts the letters exchanged with some of the correspondents, and those of them with whom there are some.
func (o Offered) Chosen(addresses []string) Count {
	all, _ := o.chosen(addresses)
	return countOf(all)
}

func countOf(all []offered) Count {
	with := map[string]bool{}
	for _, l := range all {
		for _, k := range l.with {
			with[k] = true
		}
	}
	return Count{Letters: len(all), Correspondents: len(with)}
}

// FolderName is what the folder of somebody's letters is called, fit for a folder of at most that many octets: in normal form, as folders keep theirs.
func FolderName(person string, octets int) string {
	clean := strings.Map(func(c rune) rune {
		if c < 32 || c == 127 || c == '/' || c == '\uFFFD' {
			return '-'
		}
		return c
	}, norm.NFC.String(strings.ToValidUTF8(person, "-")))
	name := "Handed over by " + clean
	if len(name) > octets {
		name = strings.ToValidUTF8(name[:octets], "")
	}
	return name
}

// newest are the letters of the greatest dates, at most that many, the newest first.
func newest[T any](all []T, at func(T) time.Time, most int) []T {
	slices.SortStableFunc(all, func(a, b T) int { return cmp.Compare(at(b).UnixMicro(), at(a).UnixMicro()) })
	return all[:min(most, len(all))]
}
