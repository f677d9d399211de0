package haven

import (
	"encoding/json"
	"os"
	"testing"
)

// The same numbers are read by the web client (web/model/patient.test.ts).
func TestParseNHSNumber(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/nhs-numbers.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Says, Written, Number string }
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, err := ParseNHSNumber(c.Written)
		if string(got) != c.Number || (err == nil) != (c.Number != "") {
			t.Errorf("%s: %q is %q, %v", c.Says, c.Written, got, err)
		}
	}
	if n := NHSNumber("9434765919"); n.String() != "943 476 5919" {
		t.Errorf("it is written %q", n)
	}
}
