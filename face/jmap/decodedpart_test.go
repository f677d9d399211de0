package jmap

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"strings"
	"testing"

	"haven/mail/mailbox"
	"haven/platform/errs"
)

// encodedLetter has the same text in parts of several encodings.
func encodedLetter(t *testing.T, plain string) string {
	t.Helper()
	var coded, quoted strings.Builder
	for text := base64.StdEncoding.EncodeToString([]byte(plain)); text != ""; text = text[min(76, len(text)):] {
		coded.WriteString(text[:min(76, len(text))] + "\r\n")
	}
	q := quotedprintable.NewWriter(&quoted)
	q.Binary = true
	if _, err := q.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	letter := "Subject: encoded\r\nContent-Type: multipart/mixed; boundary=x\r\n"
	for encoding, text := range map[string]string{"base64": coded.String(), "quoted-printable": quoted.String(), "8bit": plain, "x-nobody": plain} {
		letter += "\r\n--x\r\nContent-Type: application/octet-stream; name=" + encoding + "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + text
	}
	return letter + "\r\n--x--\r\n"
}

// What is in a part is read from anywhere, forth and back and in any pieces, as it would be from memory; none of it is held, and what it is a part of is closed
// with it.
func TestRFC8620_6_2_PartsAreReadAnywhere(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	w := &watched{Blobs: m.srv.o.Blobs}
	m.srv.o.Blobs = w
	p := m.mail(t, anna, pharmacy)
	plain := strings.Repeat("20 pills = 4 \u00a3, to be taken with w\u00e4ter.\r\n", 30_000)
	up, err := p.c.Upload(t.Context(), p.account, "message/rfc822", strings.NewReader(encodedLetter(t, plain)))
	if err != nil {
		t.Fatal(err)
	}
	delivered := p.deliver(encodedLetter(t, plain))[0]
	r := rand.New(rand.NewPCG(1, 2))
	s := m.people.session(anna, m.people.no[anna])
	for _, id := range []string{up.Blob + "_1", up.Blob + "_2", up.Blob + "_3", up.Blob + "_4", delivered + "_1", delivered + "_2"} {
		b, err := m.srv.openBlob(t.Context(), s.viewer(p.no), id)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		_, err = io.Copy(&all, io.NewSectionReader(b, 0, b.Size()))
		whole := all.String()
		if err != nil || int64(len(whole)) != b.Size() || strings.TrimSuffix(whole, "\r\n") != strings.TrimSuffix(plain, "\r\n") {
			t.Errorf("%s: %d of %d octets, %v", id, len(whole), b.Size(), err)
		}
		for range 50 {
			off, piece := r.Int64N(b.Size()+100), make([]byte, r.IntN(5000))
			want := whole[min(off, b.Size()):min(off+int64(len(piece)), b.Size())]
			n, err := b.ReadAt(piece, off)
			if string(piece[:n]) != want || err != nil && !errors.Is(err, io.EOF) || (err != nil) != (n < len(piece)) && off < b.Size() {
				t.Fatalf("%s: %d octets at %d: %d, %v", id, len(piece), off, n, err)
			}
		}
		b.Close()
	}
	if w.open != 0 || w.n > 1<<17 {
		t.Errorf("%d are open, %d octets were read at once", w.open, w.n)
	}
}

// A letter of many files has one of them open at a time, and one that is refused none.
func TestRFC8621_4_6_FilesOfDraftsAreLetGo(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	w := &watched{Blobs: m.srv.o.Blobs}
	m.srv.o.Blobs = w
	p := m.mail(t, anna, pharmacy)
	up, err := p.c.Upload(t.Context(), p.account, "", strings.NewReader("what is in it"))
	if err != nil {
		t.Fatal(err)
	}
	file, lost, in := args{"blobId": up.Blob, "type": "application/pdf"}, args{"blobId": "nothing", "type": "application/pdf"}, args{p.folder("drafts"): true}
	out := p.do("Email/set", args{"create": args{
		"good":    args{"mailboxIds": in, "attachments": []any{file, file, file}},
		"refused": args{"mailboxIds": in, "attachments": []any{file, file}, "colour": "red"},
		"lost":    args{"mailboxIds": in, "attachments": []any{file, lost}},
	}})
	made, _ := out["created"].(args)["good"].(args)
	if len(made) == 0 || len(out["notCreated"].(args)) != 2 {
		t.Fatal(text(out))
	}
	for i, part := range p.email(made["id"].(string), "attachments")["attachments"].([]any) {
		if size := part.(args)["size"]; size != 13.0 {
			t.Errorf("file %d has %v octets", i, size)
		}
	}
	if w.open != 0 || w.most != 1 {
		t.Errorf("%d are open, %d were at once", w.open, w.most)
	}
	m.srv.o.Blobs = shaky{w}
	out = p.do("Email/set", args{"create": args{"d": args{"mailboxIds": in, "attachments": []any{file}}}})
	if e := text(out["notCreated"]); !strings.Contains(e, `"type":"serverUnavailable"`) {
		t.Errorf("a store that does not answer is no lost file: %s", e)
	}
}

// shaky is blobs that can't be opened at this moment.
type shaky struct{ Blobs }

func (shaky) Open(context.Context, mailbox.Viewer, string) (Blob, error) {
	return nil, errs.E(errs.Transient, "Try again.")
}

// What is in a message is copied as an upload is, and its parts are (RFC 8620 §6.3).
func TestRFC8620_6_3_CopyOfMessagesAndParts(t *testing.T) {
	t.Parallel()
	m := newMailWorld(t)
	p, own := m.mail(t, anna, pharmacy), m.mail(t, anna, anna)
	id := p.deliver(referral)[0]
	bens := m.mail(t, ben, ben).deliver(referral)[0]
	out := own.do("Blob/copy", args{"fromAccountId": p.account, "blobIds": []string{id, id + "_2", id + "_9", bens}})
	copied, _ := out["copied"].(args)
	if len(copied) != 2 || strings.Count(text(out["notCopied"]), `"type":"notFound"`) != 2 {
		t.Fatal(text(out))
	}
	if _, got := fetch(t, own.c, own.account, copied[id+"_2"].(string), nil); got != "%PDF-1.4\n" {
		t.Errorf("%q", got)
	}
	if _, got := fetch(t, own.c, own.account, copied[id].(string), nil); !strings.Contains(got, "Subject: =?utf-8?q?Referral_of") {
		t.Errorf("%q", got)
	}
}
