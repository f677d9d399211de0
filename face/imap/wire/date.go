package wire

import "time"

// Layouts of RFC 9051 §9: date is 1-Feb-1994, date-time has a fixed-width day and a zone.
const (
	dateLayout     = "_2-Jan-2006"
	dateTimeLayout = "_2-Jan-2006 15:04:05 -0700"
)

// Date reads a date, quoted or not, as midnight UTC; IMAP compares dates without their zone.
func (d *Decoder) Date() time.Time {
	var s string
	if c, ok := d.Peek(); ok && c == '"' {
		s = d.quoted()
	} else {
		s = d.Atom()
	}
	return d.time(dateLayout, s, "a date is written 1-Feb-1994")
}

// DateTime reads a quoted date-time.
func (d *Decoder) DateTime() time.Time {
	if c, ok := d.Peek(); ok && c != '"' {
		d.Bad("a date-time is quoted")
		return time.Time{}
	}
	return d.time(dateTimeLayout, d.quoted(), `a date-time is written " 1-Feb-1994 21:52:25 -0800"`)
}

func (d *Decoder) time(layout, s, bad string) time.Time {
	if d.err != nil {
		return time.Time{}
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1 {
		d.Bad(bad)
		return time.Time{}
	}
	return t
}

// AppendDateTime writes t as a quoted date-time.
func AppendDateTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.AppendFormat(b, dateTimeLayout)
	return append(b, '"')
}
