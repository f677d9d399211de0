package smtp

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"haven/platform/errs"
)

// Reply is one answer: a code of RFC 5321 §4.2, an enhanced code of RFC 3463 (empty for those replies that have
// none), and a sentence.
type Reply struct {
	Code     int
	Enhanced string
	Text     string
}

// Stage is the part of a transaction that an error came from; the same kind of error has different codes in each.
type Stage uint8

const (
	StageEnvelope Stage = iota // greeting, MAIL, RCPT
	StageLetter                // DATA, BDAT and the end of the letter
	StageAuth                  // AUTH
)

type status struct {
	code     int
	enhanced string
}

// statuses is the one translation of error kinds to codes. It has an entry for every kind: see TestEveryKind.
var statuses = map[errs.Kind][3]status{
	//                envelope         letter           auth
	errs.Internal:  {{451, "4.3.0"}, {451, "4.3.0"}, {454, "4.7.0"}},
	errs.Transient: {{451, "4.3.0"}, {451, "4.3.0"}, {454, "4.7.0"}}, // RFC 4954 §6: 454 is no failure of the person's
	errs.NotFound:  {{550, "5.1.1"}, {550, "5.1.1"}, {535, "5.7.8"}},
	errs.Denied:    {{550, "5.7.1"}, {550, "5.7.1"}, {535, "5.7.8"}},
	errs.Private:   {{535, "5.7.8"}, {535, "5.7.8"}, {535, "5.7.8"}},
	errs.OverQuota: {{452, "4.2.2"}, {452, "4.2.2"}, {454, "4.7.0"}}, // a full mailbox may be emptied: the sender tries again
	errs.Invalid:   {{553, "5.1.3"}, {554, "5.6.0"}, {535, "5.7.8"}},
	errs.Conflict:  {{451, "4.3.0"}, {451, "4.3.0"}, {454, "4.7.0"}}, // two at once: the next try finds one
	errs.TooMany:   {{450, "4.7.1"}, {450, "4.7.1"}, {454, "4.7.0"}},
}

// exact is an error that knows its own SMTP codes, where its kind is too coarse for them.
type exact interface {
	SMTP() (code int, enhanced string)
}

// ReplyFor is what a client is told of err: by the codes that the error itself gives in a method
// SMTP() (int, string), else by its kind. The cause is never shown.
func ReplyFor(err error, at Stage) Reply {
	var x exact
	if errors.As(err, &x) {
		code, enhanced := x.SMTP()
		return Reply{code, enhanced, errs.Say(err)}
	}
	if errs.IsStorageFull(err) {
		return Reply{452, "4.3.1", errs.Say(err)} // RFC 5321 §4.2.2, RFC 3463 §3.4
	}
	s, known := statuses[errs.KindOf(err)]
	if !known {
		s = statuses[errs.Internal]
	}
	return Reply{s[at].code, s[at].enhanced, errs.Say(err)}
}

const (
	maxReplyLine  = 400 // of text, so that code, enhanced code and CR LF stay within 512 (RFC 5321 §4.5.3.1.5)
	maxReplyLines = 8
)

// appendReply writes r with its text folded into lines, control characters replaced. Octets over 127 are kept only
// where the client asked for SMTPUTF8 (RFC 6531 §3.7.4.1).
func appendReply(dst []byte, r Reply, utf8OK bool) []byte {
	lines := foldText(cleanText(r.Text, utf8OK))
	for i, line := range lines {
		dst = strconv.AppendInt(dst, int64(r.Code), 10)
		if i < len(lines)-1 {
			dst = append(dst, '-')
		} else {
			dst = append(dst, ' ')
		}
		if r.Enhanced != "" {
			dst = append(dst, r.Enhanced...)
			dst = append(dst, ' ')
		}
		dst = append(dst, line...)
		dst = append(dst, '\r', '\n')
	}
	return dst
}

func cleanText(s string, utf8OK bool) string {
	dirty := func(r rune) bool {
		return r < ' ' || r == 127 || r == utf8.RuneError || r > 127 && !utf8OK
	}
	if strings.IndexFunc(s, dirty) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case !dirty(r):
			return r
		case r < ' ':
			return ' '
		}
		return '?'
	}, s)
}

func foldText(s string) []string {
	var lines []string
	for len(s) > maxReplyLine && len(lines) < maxReplyLines-1 {
		cut := strings.LastIndexByte(s[:maxReplyLine], ' ')
		if cut <= 0 {
			for cut = maxReplyLine; !utf8.RuneStart(s[cut]); cut-- {
			}
		}
		lines = append(lines, s[:cut])
		s = strings.TrimPrefix(s[cut:], " ")
	}
	if len(s) > maxReplyLine {
		s = strings.ToValidUTF8(s[:maxReplyLine], "")
	}
	return append(lines, s)
}
