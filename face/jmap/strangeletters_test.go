package jmap

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"haven/face/jmap/jmapclient"
)

// nestedLetter has so many containers within one another, of which each opens and is closed by its own delimiter.
func nestedLetter(depth int) string {
	var head, tail strings.Builder
	head.WriteString("From: a@surgery.example\nSubject: deep\nMIME-Version: 1.0\n")
	for i := range depth {
		fmt.Fprintf(&head, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	for i := depth - 1; i >= 0; i-- {
		fmt.Fprintf(&tail, "\n--b%d--\n", i)
	}
	return head.String() + "Content-Type: text/plain\n\nfar inside" + tail.String()
}

// lettersInLetters has each letter hold the next.
func lettersInLetters(depth int) string {
	one := "From: a@surgery.example\nSubject: in a letter\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n"
	return strings.Repeat(one, depth) + "Subject: the last\n\nfar inside\n"
}

// Whatever a letter is made of, what is shown of it is JSON of valid UTF-8, says where it could not be read, and comes soon.
func TestRFC8621_4_1_StrangeLetters(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p := m.mail(t, anna, anna)
	const head = "From: =?utf-8?q?=FF=FE?= <a@surgery.example>\nSubject: =?x-nobody?q?hello=80?= \xff\xfe\nMessage-ID: <\xe9@x>\nDate: yesterday\nMIME-Version: 1.0\n"
	for _, c := range []struct {
		name, letter string
		problem      bool // isEncodingProblem of the first text
		says         string
	}{
		{"a hundred containers", nestedLetter(100), false, ""},
		{"a hundred letters", lettersInLetters(100), false, ""},
		{"ten thousand parts", head + "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 10_000) + "--b--\n", false, "x"},
		{"a character set of nobody's", head + "Content-Type: text/plain; charset=x-nobody\n\ncaf\xe9\n", true, "caf"},
		{"none said", head + "\ncaf\xe9\n", true, "caf"},
		{"broken UTF-8", head + "Content-Type: text/plain; charset=utf-8\n\ncaf\xe9 \xf0\x9f\n", true, "caf"},
		{"broken ISO-2022-JP", head + "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B\xff\xff\n", true, ""},
		{"UTF-16 cut off", head + "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n/v8AY\n", true, ""},
		{"an encoding of nobody's", head + "Content-Type: text/plain\nContent-Transfer-Encoding: x-uue\n\nabc\n", true, "abc"},
		{"broken base64", head + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\naGVs*bG8\n", true, "hello"},
		{"escapes that are none", head + "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=ZZ=4\n", false, "=ZZ=4"},
		{"Windows", head + "Content-Type: text/plain; charset=windows-1252\n\n\x80 5\n", false, "€ 5"},
		{"zeros", head + "Content-Type: text/plain\n\na\x00b\n", false, "b"},
		{"names that are none", head + "Content-Type: application/\xff; name=\"\xff\"; name*=utf-8''%FF%00\nContent-Disposition: \xff; filename=\"../../etc/passwd\x00\"\n\nx\n", false, ""},
		{"nothing", "", false, ""},
		{"a header alone", head, false, ""},
	} {
		id := p.deliver(c.letter)[0]
		begin := time.Now()
		r, err := p.c.Call(t.Context(), callOf("Email/get", args{"accountId": p.account, "ids": []string{id}, "fetchAllBodyValues": true,
			"properties":     append([]string{"bodyStructure", "headers", "header:subject:asText", "header:from:asAddresses:all", "header:date:asDate"}, usualProperties...),
			"bodyProperties": append([]string{"headers"}, usualPartProperties...)}))
		if err != nil || r.Answers[0].Name == "error" {
			t.Errorf("%s: %v %s", c.name, err, r.Answers)
			continue
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s took %v", c.name, took)
		}
		raw := r.Answers[0].Args
		if !utf8.Valid(raw) || !json.Valid(raw) {
			t.Errorf("%s: %q", c.name, raw)
		}
		var got struct {
			List []struct {
				TextBody   []struct{ PartID string }
				BodyValues map[string]struct {
					Value             string
					IsEncodingProblem bool
				}
			}
		}
		if err := json.Unmarshal(raw, &got); err != nil || len(got.List) != 1 {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.says == "" && !c.problem {
			continue
		}
		text := got.List[0].BodyValues[got.List[0].TextBody[0].PartID]
		if text.IsEncodingProblem != c.problem || !strings.Contains(text.Value, c.says) {
			t.Errorf("%s: %q, a problem: %v", c.name, text.Value, text.IsEncodingProblem)
		}
	}
}

func callOf(name string, a args) jmapclient.Call {
	return jmapclient.Call{Name: name, Args: a, ID: "0"}
}
