package organisation

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"haven"
)

// ParseGPhC reads the number under which the General Pharmaceutical Council registered a premises: seven digits that
// begin with 1 (Rules 4). Spaces are accepted.
func ParseGPhC(s string) (string, haven.Verdict) {
	n := strings.Join(strings.Fields(s), "")
	if len(n) != 7 || n[0] != '1' || strings.Trim(n, "0123456789") != "" {
		return "", haven.Refuse("premises.gphc", "The GPhC number of a premises has seven digits and begins with 1, such as 1034567. It is on the certificate of registration.")
	}
	return n, haven.Allow("premises.gphc")
}

// ParseEmail reads an address to which a letter to somebody outside can go: plain, with a domain that has a dot.
func ParseEmail(s string) (haven.Address, haven.Verdict) {
	a, err := haven.ParseAddress(strings.TrimSpace(s))
	if err != nil || !a.IsASCII() || strings.HasPrefix(a.String(), `"`) || !strings.Contains(a.Domain, ".") || a.Domain[0] == '[' {
		return haven.Address{}, haven.Refuse("premises.e-mail", "Write an e-mail address, such as shop@pharmacy.example.")
	}
	return a, haven.Allow("premises.e-mail")
}

// Masked is how pages show an address to somebody who should know it already (Rules 1): p•••@e•••. It tells the first
// letters alone, not the length.
func Masked(a haven.Address) string {
	if a.IsNull() {
		return ""
	}
	first := func(s string) string {
		_, n := utf8.DecodeRuneInString(s)
		return s[:n] + "•••"
	}
	return first(a.Local) + "@" + first(a.Domain)
}

// ContactChange compares what is known of how a premises is reached with what a line says; the line's values stand for
// all that the premises has afterwards. A file that is older than what is known changes nothing.
func ContactChange(have, say Contact) (Change, haven.Verdict) {
	same := have.Email.Key() == say.Email.Key() && have.GPhC == say.GPhC
	switch {
	case !have.Known():
		return Added, haven.Allow("premises.contact")
	case same && (say.Stated < have.Stated || say.Stated == have.Stated && say.Source == have.Source):
		return Unchanged, haven.Allow("premises.contact")
	case same:
		return Confirmed, haven.Allow("premises.contact")
	case say.Stated < have.Stated:
		return Unchanged, haven.Refuse("premises.contact-older", fmt.Sprintf("says something else than what is known since %s, and is of %s", have.Stated, say.Stated))
	}
	return Altered, haven.Allow("premises.contact")
}

// StillHolds says whether what is known of how a premises is reached can be its own: what was stated before it came to its
// present head office is the former owner's (Rules 1: change of owner).
func StillHolds(o Organisation, c Contact) bool { return c.Known() && c.Stated >= o.Joined }

// groupOf is what premises share that belong together: the head office, or the premises alone.
func groupOf(o *Organisation) Code {
	if o.Parent != "" {
		return o.Parent
	}
	return o.Code
}

// claims are whose e-mail and GPhC number are whose, while a file is judged: a number is of one premises, an e-mail of
// the premises of one group (Rules 1). What is known has precedence over what a file says, and its earlier lines over
// its later ones; a line that is refused gives back what it would have replaced.
type claims struct {
	of map[string]*claim
}

type claim struct {
	owner Code
	known bool  // held by what is known, and not only by lines
	lines []int // indices of the lines that hold it too
}

// claimed is what a contact claims, and for whom. A premises that is closed claims nothing.
func claimed(o *Organisation, c Contact) (keys [2]string, owners [2]Code) {
	if o.Status == Closed {
		return keys, owners
	}
	if c.GPhC != "" {
		keys[0], owners[0] = "gphc "+c.GPhC, o.Code
	}
	if !c.Email.IsNull() {
		keys[1], owners[1] = "mail "+c.Email.Key(), groupOf(o)
	}
	return keys, owners
}

// hold makes what is known hold its values, and returns the lines that have to give way.
func (cs *claims) hold(o *Organisation, c Contact) (lost []int) {
	keys, owners := claimed(o, c)
	for i, key := range keys {
		if key == "" {
			continue
		}
		have := cs.of[key]
		if have == nil {
			cs.of[key] = &claim{owner: owners[i], known: true}
			continue
		}
		if have.owner != owners[i] && !have.known {
			lost = append(lost, have.lines...)
			have.owner, have.lines = owners[i], nil
		}
		have.known = true
	}
	return lost
}

// take makes a line hold its values, unless another holds one of them: then it is the reason.
func (cs *claims) take(line int, o *Organisation, c Contact) haven.Verdict {
	keys, owners := claimed(o, c)
	for i, key := range keys {
		if have := cs.of[key]; key != "" && have != nil && have.owner != owners[i] {
			return taken(i, have.owner)
		}
	}
	for i, key := range keys {
		if key == "" {
			continue
		}
		if cs.of[key] == nil {
			cs.of[key] = &claim{owner: owners[i]}
		}
		cs.of[key].lines = append(cs.of[key].lines, line)
	}
	return haven.Allow("premises.contact")
}

// taken is why a line is refused whose number (0) or e-mail (1) is another's.
func taken(which int, owner Code) haven.Verdict {
	if which == 0 {
		return haven.Refuse("premises.gphc-taken", fmt.Sprintf("gives the GPhC number of %s", owner))
	}
	return haven.Refuse("premises.e-mail-taken", fmt.Sprintf("gives an e-mail of the group of %s, which is another", owner))
}
