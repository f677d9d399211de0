package mime

import (
	"bytes"
	"strings"
)

// statusOctets is how much is read of the machine's part of a notice.
const statusOctets = 64 << 10

// Undelivered reports whether a letter is a delivery status notification (RFC 3464) that says of a recipient that it failed, and with which status
// (RFC 3463; "5.0.0" where none is given that is one). A notice of delay or of success is none. Only the beginning of the letter may be given.
func Undelivered(letter []byte) (status string, failed bool) {
	src := bytes.NewReader(letter)
	m, err := Parse(src, Limits{})
	if err != nil {
		return "", false
	}
	part := statusPart(m, "delivery-status")
	if part == nil {
		return "", false
	}
	return failedStatus(string(readFieldsOf(src, part)))
}

// failedStatus is the status of the first recipient of whom it is said that it failed. Groups of fields are apart by empty lines.
func failedStatus(text string) (status string, failed bool) {
	for group := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		status, failed = "5.0.0", false
		for line := range strings.SplitSeq(group, "\n") {
			name, value, _ := strings.Cut(line, ":")
			value, _, _ = strings.Cut(strings.TrimSpace(value), " ") // a comment may follow
			switch {
			case strings.EqualFold(name, "Action"):
				failed = strings.EqualFold(value, string(Failed))
			case strings.EqualFold(name, "Status") && isStatus(value):
				status = value
			}
		}
		if failed {
			return status, true
		}
	}
	return "", false
}

// isStatus: class, subject and detail (RFC 3463 §2), of a failure.
func isStatus(s string) bool {
	part := strings.Split(s, ".")
	if len(part) != 3 || part[0] != "4" && part[0] != "5" {
		return false
	}
	for _, p := range part {
		if p == "" || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return true
}
