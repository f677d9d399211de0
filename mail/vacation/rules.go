package vacation

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"haven"
	"haven/mail/mime"
)

// MayAnswer says whether a letter is one that is answered by itself (RFC 3834 §2, RFC 5230 §4.6): not what a program, a list or nobody wrote, and nothing
// whose sender may be forged, since that would make us write to strangers.
func MayAnswer(l Letter) haven.Verdict {
	switch {
	case l.From.IsNull():
		return refuse("vacation.null-sender")
	case isRobot(l.From):
		return refuse("vacation.robot")
	case automatic(l.Header):
		return refuse("vacation.automatic")
	case fromList(l.Header):
		return refuse("vacation.list")
	case l.Junk:
		return refuse("vacation.junk")
	case !l.Inside && !l.Proven:
		return refuse("vacation.unproven")
	}
	return haven.Verdict{Allowed: true, Rule: "vacation.answer"}
}

func refuse(r haven.Rule) haven.Verdict {
	return haven.Verdict{Rule: r, Reason: "This letter gets no automatic reply."}
}

// isRobot holds for addresses behind which nobody sits (RFC 3834 §2).
func isRobot(a haven.Address) bool {
	local := strings.ToLower(a.Local)
	plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	return slices.Contains([]string{"mailerdaemon", "postmaster", "noreply", "donotreply", "listserv", "majordomo", "bounce", "bounces"}, plain) ||
		strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request") || strings.HasSuffix(local, "-bounces") || strings.HasSuffix(local, "-owner")
}

// automatic holds for what a program wrote by itself (RFC 3834 §5, RFC 2076 §3.9).
func automatic(h mime.Header) bool {
	for v := range h.Values("Auto-Submitted") {
		word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(v)), ";")
		if word, _, _ = strings.Cut(word, "("); strings.TrimSpace(word) != "no" {
			return true
		}
	}
	for v := range h.Values("Precedence") {
		if slices.Contains([]string{"bulk", "junk", "list"}, strings.ToLower(strings.TrimSpace(v))) {
			return true
		}
	}
	return h.Has("X-Auto-Response-Suppress") || h.Has("X-Autoreply") || h.Has("X-Loop")
}

// fromList holds for what came by a list (RFC 2369, RFC 2919).
func fromList(h mime.Header) bool {
	for f := range h.Fields() {
		if len(f.Name) > 5 && strings.EqualFold(f.Name[:5], "List-") {
			return true
		}
	}
	return false
}

// Names says whether a letter names a mailbox among those whom it is for, as somebody does who writes to it (RFC 3834 §2).
func Names(h mime.Header, to To) bool {
	for _, name := range []string{"To", "Cc", "Resent-To", "Resent-Cc"} {
		for v := range h.Values(name) {
			for _, a := range mime.ParseAddresses(v) {
				if a.Mailbox != "" && to.is(haven.Address{Local: a.Mailbox, Domain: strings.ToLower(a.Host)}) {
					return true
				}
			}
		}
	}
	return false
}

// is reports whether an address is one of the mailbox's.
func (to To) is(a haven.Address) bool {
	key := a.Key()
	if key == to.As.Key() || key == to.Main.Key() {
		return true
	}
	return to.Script != nil && slices.ContainsFunc(to.Script.Also, func(other haven.Address) bool { return key == other.Key() })
}

// clipped is the answer as it may be: no longer than what stands on the page.
func (s Scripted) clipped() Scripted {
	s.Subject, s.Text, s.Also = firstRunes(s.Subject, subjectRunes), firstRunes(s.Text, textRunes), nil
	return s
}

func firstRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// version is how the memory of whom an answer was told is kept apart from those of others, and from those of the page, which are above 0.
func (s Scripted) version() int64 {
	sum := sha256.Sum256([]byte(s.Handle))
	return -int64(binary.BigEndian.Uint64(sum[:8])>>1) - 1
}

// Stands reports whether an answer is given at a moment.
func (r Reply) Stands(now time.Time) bool {
	return r.On && !now.Before(r.From) && (r.Until.IsZero() || now.Before(r.Until))
}

// The most that a reply says.
const (
	subjectRunes = 200
	textRunes    = 4000
)

// MayBe says whether a reply can be turned on as it is.
func (r Reply) MayBe(now time.Time) haven.Verdict {
	no := func(rule haven.Rule, reason string) haven.Verdict { return haven.Verdict{Rule: rule, Reason: reason} }
	switch {
	case !r.On:
	case strings.TrimSpace(r.Inside) == "":
		return no("vacation.text", "Write what colleagues are told.")
	case len([]rune(r.Inside)) > textRunes || len([]rune(r.Outside)) > textRunes || len([]rune(r.Subject)) > subjectRunes:
		return no("vacation.long", "That is too long. Say it in 4000 characters, and the subject in 200.")
	case !r.Until.IsZero() && (!r.Until.After(r.From) || !r.Until.After(now)):
		return no("vacation.dates", "The last day comes after the first, and is not past.")
	}
	return haven.Verdict{Allowed: true, Rule: "vacation.reply"}
}

// Text is what a sender is answered; "" for nothing.
func (r Reply) Text(inside bool) string {
	if inside {
		return r.Inside
	}
	return r.Outside
}

// subject is the answer's (RFC 3834 §3.1.5).
func (r Reply) subject(of string) string {
	if r.Subject != "" {
		return r.Subject
	}
	if of = strings.TrimSpace(of); of == "" {
		return "Automatic reply"
	}
	return "Automatic reply: " + firstRunes(of, subjectRunes)
}
