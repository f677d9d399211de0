package lang

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"haven/mail/mime"
)

// dateParts are what a date is looked at for (RFC 5260 §4).
var dateParts = []string{"year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601", "std11", "zone", "weekday"}

func datePart(t time.Time, part string) (string, bool) {
	layouts := map[string]string{"year": "2006", "month": "01", "day": "02", "date": "2006-01-02", "hour": "15", "minute": "04", "second": "05", "time": "15:04:05",
		"iso8601": "2006-01-02T15:04:05-07:00", "std11": "Mon, 02 Jan 2006 15:04:05 -0700", "zone": "-0700"}
	switch part = strings.ToLower(part); part {
	case "weekday":
		return strconv.Itoa(int(t.Weekday())), true
	case "julian": // the modified julian day (RFC 5260, appendix A)
		midnight := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		return strconv.FormatInt(midnight.Unix()/86400+40587, 10), true
	}
	layout, ok := layouts[part]
	return t.Format(layout), ok
}

// date looks at a moment that a header field tells: all of its value, or what follows its last semicolon, as in Received.
func (m *machine) date(c *command) (bool, error) {
	name, err := m.text(c.args[0])
	if err != nil {
		return false, err
	}
	var moments []time.Time
	at, err := m.named(name)
	if err != nil {
		return false, err
	}
	for _, i := range pick(c, at) {
		v := mime.Field{Body: m.fields[i].body}.Value()
		v = strings.TrimSpace(v[strings.LastIndexByte(v, ';')+1:])
		if t, ok := mime.ParseDate(v); ok {
			moments = append(moments, t)
		}
	}
	return m.moments(c, moments, c.args[1], c.args[2])
}

func (m *machine) currentDate(c *command) (bool, error) {
	return m.moments(c, []time.Time{m.letter.Now}, c.args[0], c.args[1])
}

func (m *machine) moments(c *command, moments []time.Time, part, keys value) (bool, error) {
	name, err := m.text(part)
	if err != nil {
		return false, err
	}
	zone := m.letter.Now.Location()
	if v, ok := c.tags["zone"]; ok {
		s, err := m.text(v)
		if err != nil {
			return false, err
		}
		if zone, ok = parseZone(s); !ok {
			return false, m.fail("%s is no time zone such as \"+0100\".", quote(s))
		}
	}
	var values []string
	for _, t := range moments {
		if !c.has("originalzone") {
			t = t.In(zone)
		}
		if s, ok := datePart(t, name); ok {
			values = append(values, s)
		}
	}
	return m.match(c, values, keys)
}

func parseZone(s string) (*time.Location, bool) {
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return nil, false
	}
	n, err := strconv.ParseUint(s[1:], 10, 16)
	if err != nil || n%100 > 59 || n > 2359 {
		return nil, false
	}
	seconds := int(n/100*3600 + n%100*60)
	if s[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone(s, seconds), true
}

func checkDate(c *checker, cmd *command) {
	part := cmd.args[len(cmd.args)-2]
	constants(part, func(s string) {
		if !slices.Contains(dateParts, strings.ToLower(s)) {
			c.fail(part.line, "A date has no part %s. It has %s.", quote(s), strings.Join(dateParts, ", "))
		}
	})
	if v, ok := cmd.tags["zone"]; ok {
		constants(v, func(s string) {
			if _, ok := parseZone(s); !ok {
				c.fail(v.line, `%s is no time zone such as "+0100".`, quote(s))
			}
		})
	}
	if len(cmd.args) == 3 {
		checkField(c, cmd)
	}
}
