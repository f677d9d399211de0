package haven

import (
	"errors"
	"strings"
)

// NHSNumber is the number by which the health service knows a patient: ten digits without spaces. The zero value names nobody.
type NHSNumber string

// ParseNHSNumber reads a number as people write it, with spaces or hyphens or without. Its last digit has to fit the others (modulus 11, Rules 13), which finds
// every single wrong digit and every two that changed places. One digit ten times would fit, and is given to nobody.
func ParseNHSNumber(s string) (NHSNumber, error) {
	digits := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(s)
	if len(digits) != 10 || strings.Trim(digits, "0123456789") != "" {
		return "", errors.New("an NHS number has ten digits")
	}
	sum := 0
	for i := range 9 {
		sum += int(digits[i]-'0') * (10 - i)
	}
	if (sum+int(digits[9]-'0'))%11 != 0 || strings.Count(digits, digits[:1]) == 10 {
		return "", errors.New("this is no NHS number: its last digit does not fit the others")
	}
	return NHSNumber(digits), nil
}

// String is the number as letters have it, in three groups.
func (n NHSNumber) String() string {
	if len(n) != 10 {
		return string(n)
	}
	return string(n[:3] + " " + n[3:6] + " " + n[6:])
}
