package organisation

import (
	"fmt"
	"strings"
)

// columns of the national list; others are not used (Rules 1).
const (
	columns     = 27
	colCode     = 0
	colName     = 1
	colLines    = 4 // to 8
	colPostcode = 9
	colOpened   = 10
	colClosed   = 11
	colStatus   = 12
	colSubType  = 13
	colParent   = 14
	colJoined   = 15
	colLeft     = 16
	colPhone    = 17
	colBoard    = 23
)

const longestField = 200 // octets

// splitLine takes one line of comma-separated values apart, by itself: a quote that is not closed ends with the
// line and spoils no other (RFC 4180 without line breaks in fields).
func splitLine(line string) ([]string, error) {
	fields := make([]string, 0, columns)
	for {
		field, rest, err := nextField(line)
		if err != nil {
			return nil, fmt.Errorf("field %d %w", len(fields)+1, err)
		}
		if fields = append(fields, field); len(fields) > columns {
			return nil, fmt.Errorf("has more than %d fields", columns)
		}
		if rest == "" {
			return fields, nil
		}
		line = rest[1:]
	}
}

// nextField returns a field and what follows, which is empty or begins with a comma.
func nextField(s string) (field, rest string, err error) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ',')
		if end < 0 {
			end = len(s)
		}
		if strings.Contains(s[:end], `"`) {
			return "", "", fmt.Errorf("has a quote in its middle")
		}
		return s[:end], s[end:], nil
	}
	var b strings.Builder
	for s = s[1:]; ; {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", fmt.Errorf("has a quote that is not closed")
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if !strings.HasPrefix(s, `"`) {
			break
		}
		b.WriteByte('"')
		s = s[1:]
	}
	if s != "" && s[0] != ',' {
		return "", "", fmt.Errorf("goes on after its closing quote")
	}
	return b.String(), s, nil
}

// parseLine reads one premises. The error says in words what is wrong with the line.
func parseLine(line string) (Organisation, error) {
	fields, err := splitLine(line)
	if err != nil {
		return Organisation{}, err
	}
	if len(fields) != columns {
		return Organisation{}, fmt.Errorf("has %d fields, not %d", len(fields), columns)
	}
	for i, f := range fields {
		if len(f) > longestField || strings.ContainsFunc(f, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
			return Organisation{}, fmt.Errorf("field %d is too long or holds something that is not plain text", i+1)
		}
		fields[i] = strings.Join(strings.Fields(f), " ")
	}
	return fromFields(fields)
}

func fromFields(f []string) (o Organisation, err error) {
	o.Kind, o.Name, o.Telephone, o.CareBoard = Pharmacy, f[colName], f[colPhone], f[colBoard]
	copy(o.Lines[:], f[colLines:colLines+5])
	o.Place = PlaceOf(o.Lines)
	code, v := ParseCode(Pharmacy, f[colCode])
	if !v.Allowed {
		return o, fmt.Errorf("%q is no ODS code of a pharmacy", f[colCode])
	}
	o.Code = code
	if o.Name == "" {
		return o, fmt.Errorf("has no name")
	}
	var ok bool
	if o.Postcode, ok = ParsePostcode(f[colPostcode]); !ok {
		return o, fmt.Errorf("%q is no postcode", f[colPostcode])
	}
	if o.Parent, err = parentCode(f[colParent]); err != nil {
		return o, err
	}
	for _, d := range []struct {
		to  *Date
		col int
	}{{&o.Opened, colOpened}, {&o.Closed, colClosed}, {&o.Joined, colJoined}, {&o.Left, colLeft}} {
		if *d.to, ok = ParseDate(f[d.col]); !ok {
			return o, fmt.Errorf("%q is no date (yyyymmdd)", f[d.col])
		}
	}
	return statusAndType(o, f)
}

func parentCode(s string) (Code, error) {
	if s == "" {
		return "", nil
	}
	code, v := ParseCode(HeadOffice, s)
	if !v.Allowed {
		return "", fmt.Errorf("%q is no ODS code of a head office", s)
	}
	return code, nil
}

func statusAndType(o Organisation, f []string) (Organisation, error) {
	switch strings.ToUpper(f[colStatus]) {
	case "A", "ACTIVE":
		o.Status = Active
	case "C", "CLOSED":
		o.Status = Closed
	case "P":
		o.Status = Pending
	default:
		return o, fmt.Errorf("%q is no status (A, C or P)", f[colStatus])
	}
	switch f[colSubType] {
	case "1", "2", "3":
		o.SubType = int(f[colSubType][0] - '0')
	default:
		return o, fmt.Errorf("%q is no sub-type (1, 2 or 3)", f[colSubType])
	}
	return o, nil
}
