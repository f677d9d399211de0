package search

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/document"
	"haven/mail/document/documenttest"
	"haven/platform/errs"
	"haven/platform/policy"
)

// asReader makes this test binary the child that reads documents.
const asReader = "HAVEN_TEST_AS_READER"

func TestMain(m *testing.M) {
	if os.Getenv(asReader) != "" {
		os.Exit(document.Child(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// pool reads documents as the service does.
func pool(t testing.TB) *document.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return document.NewPool(document.Options{Command: []string{self}, Env: []string{asReader + "=1", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"},
		Limits: policy.Documents{Octets: 32 << 20, Memory: 256 << 20, Within: 60 * time.Second, AtOnce: 2, Waiting: 32}})
}

// attach is a letter about a word with files; of each its name and its content.
func attach(word string, files ...[2]string) string {
	var b strings.Builder
	b.WriteString("From: Anna Example <anna@clinic.example>\nSubject: About " + word + "\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=bound\n\n--bound\n\nThe " + word + " is here.\n")
	for _, f := range files {
		fmt.Fprintf(&b, "--bound\nContent-Type: application/octet-stream; name=\"%s\"\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n", f[0])
		for s := base64.StdEncoding.EncodeToString([]byte(f[1])); s != ""; s = s[min(76, len(s)):] {
			b.WriteString(s[:min(76, len(s))] + "\n")
		}
	}
	return b.String() + "--bound--\n"
}

// TestWordsInsideDocuments: what stands in a PDF and in a document of Word is found once they are read; all else at once.
func TestWordsInsideDocuments(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		h.close()
		h.inside = pool(t)
		h.open()
		no := h.Account()
		first := h.Deliver(no, attach("metformin", [2]string{"letter.pdf", string(documenttest.PDF("Discharged with hydroxychloroquine 200 mg", "page two: ramipril"))},
			[2]string{"note.docx", string(documenttest.Docx("Needs anticoagulation in the morning", "NHS 943 476 5919"))}))
		h.Deliver(no, about("aspirin"))
		h.finds(no, "metformin", 1)
		h.finds(no, "ramipril")
		h.settleLetters()
		if b := h.behind(); b.Letters != 0 || b.Documents != 1 {
			t.Errorf("behind by %+v", b)
		}
		h.finds(no, "metformin", 1)
		h.finds(no, "ramipril")
		h.settle()
		for query, want := range map[string][]haven.UID{
			"ramipril": {1}, "RAMI": {1}, "hydroxychloroquine": {1}, "hydroxychloro": {1}, "hydroxychloroquinesulphate": nil, "hydroxychlorothiazide": nil,
			"anticoagul metformin": {1}, "anticoagulation ramipril hydroxychlo": {1}, "anticoagulation aspirin": nil, "9434765919": {1}, "page letter.pdf": {1}, "aspirin": {2},
		} {
			h.finds(no, query, want...)
			if got := h.find(no, Words{Body, query}).UIDs; query != "metformin" && !slices.Equal(got, want) {
				t.Errorf("in the body %q is found in %v, want %v", query, got, want)
			}
		}
		if got := h.find(no, And{Header{"Subject", "About"}, Words{Body, "anticoagulatio"}, Not{Words{Body, "ramiprilat"}}}).UIDs; !slices.Equal(got, []haven.UID{1}) {
			t.Errorf("with a header that has to be read: %v", got)
		}
		h.delete(no, first.UID)
		h.settle()
		if got := h.indexed(no, "ramipril"); len(got) != 0 {
			t.Errorf("the index still has %v", got)
		}
	})
}

func (h *house) behind() Behind {
	h.t.Helper()
	b, err := h.search.Behind(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

// TestScripts: words of each script are found in documents by what people type, with and without accents and marks.
func TestScripts(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		texts := []string{
			"Ηλεκτρονική συνταγή για παρακεταμόλη", "Рецепт на амоксициллин, приём утром", "وَصْفَة طبية للمريض ٥٠٠", "東京都の処方箋を三日分",
			"クリニックでお薬を受け取る", "환자가 약국에서 약을", "ผู้ป่วยได้รับยา", "患者对青霉素过敏", "Größe und Übelkeit, naïve façade",
		}
		for _, s := range texts {
			h.Deliver(no, attach("x", [2]string{"a.docx", string(documenttest.Docx(s))}))
		}
		h.settle()
		for i, queries := range [][]string{
			{"ΣΥΝΤΑΓΗ", "συνταγη", "παρακεταμολ"}, {"рецепт", "АМОКСИЦИЛЛИН", "прием"}, {"وصفة", "للمريض", "طبية"}, {"処方箋", "東京", "処方", "三日"},
			{"クリニック", "薬", "お薬"}, {"환자", "약국", "환자가"}, {"ผู้ป่วย", "ยา"}, {"青霉素", "过敏", "患者"}, {"grosse", "ubelkeit", "NAIVE", "façade"},
		} {
			for _, q := range queries {
				h.finds(no, q, haven.UID(i+1))
			}
		}
		h.finds(no, "京東")
		h.finds(no, "青霉菌")
	})
}

// meddling is Documents that something comes before.
type meddling struct {
	before func()
	fail   func(content string) error
}

func (m meddling) Text(ctx context.Context, typ, name string, r io.Reader, limit int) (string, error) {
	text, err := inProcess{}.Text(ctx, typ, name, r, limit)
	if m.before != nil {
		m.before()
	}
	if m.fail != nil && err == nil {
		err = m.fail(text)
	}
	return text, err
}

// TestGoneWhileDocumentsAreRead: a letter that is deleted, and has left the index, while its documents are read does not come back.
func TestGoneWhileDocumentsAreRead(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		f := h.Deliver(no, attach("metformin", [2]string{"a.txt", "ramipril"}))
		h.settleLetters()
		h.search.documents = meddling{before: func() { h.delete(no, f.UID); h.settleLetters() }}
		if _, err := h.search.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.search.documents = inProcess{}
		h.settle()
		if got := h.indexed(no, "ramipril"); len(got) != 0 || h.behind() != (Behind{}) {
			t.Errorf("the index has %v, and is behind by %+v", got, h.behind())
		}
	})
}

// TestDocumentsThatCannotBeRead: they hold nobody up, and nothing is given up while nothing at all can be read.
func TestDocumentsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	for range stepDocuments + 1 {
		h.Deliver(no, attach("metformin", [2]string{"a.txt", "stubborn"}))
	}
	h.settleLetters()
	h.search.documents = meddling{fail: func(text string) error {
		if text == "stubborn" {
			return errs.Wrap(errs.Transient, errors.New("no room"), "")
		}
		return nil
	}}
	for range 2 * maxWaits {
		if _, err := h.search.Step(t.Context()); !errs.Is(err, errs.Transient) {
			t.Fatal(err)
		}
	}
	if b := h.behind(); b.Documents != stepDocuments+1 {
		t.Fatalf("behind by %+v", b)
	}
	for n := range 3 * maxWaits {
		word := fmt.Sprint("ramipril", n)
		h.Deliver(no, attach("x", [2]string{"a.txt", word}))
		h.settleLetters()
		if _, err := h.search.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(h.indexed(no, word)) != 1 {
			t.Fatalf("%s is not indexed", word)
		}
	}
	if b := h.behind(); b != (Behind{}) {
		t.Errorf("behind by %+v", b)
	}
	h.finds(no, "stubborn")
	if got := len(h.find(no, Words{Text, "metformin"}).UIDs); got != stepDocuments+1 {
		t.Errorf("%d found by their own words", got)
	}
}

// TestDocumentsAfterRebuild: an index that is built anew has what stands inside documents again.
func TestDocumentsAfterRebuild(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, h *house) {
		no := h.Account()
		h.Deliver(no, attach("metformin", [2]string{"a.txt", "ramipril"}))
		h.settle()
		h.finds(no, "ramipril", 1)
		if err := h.search.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b := h.behind(); !b.Rebuilding {
			t.Errorf("behind by %+v", b)
		}
		h.finds(no, "metformin", 1)
		h.Clock.Advance(time.Hour)
		h.settleLetters()
		if b := h.behind(); b.Rebuilding || b.Documents != 1 || b.DocumentsFor < time.Hour {
			t.Errorf("behind by %+v", b)
		}
		h.settle()
		h.finds(no, "ramipril", 1)
	})
}

// TestWithoutDocuments: where nobody reads documents nothing waits for them.
func TestWithoutDocuments(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	h.search.documents = nil
	no := h.Account()
	h.Deliver(no, attach("metformin", [2]string{"a.txt", "ramipril"}))
	h.settle()
	h.finds(no, "ramipril")
	h.finds(no, "metformin", 1)
	if b := h.behind(); b != (Behind{}) {
		t.Errorf("behind by %+v", b)
	}
}

// TestTokensAreBounded: a document full of long words takes no more of the index than a letter full of words.
func TestTokensAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "sqlite")
	no := h.Account()
	rnd := rand.New(rand.NewPCG(7, 8))
	var words strings.Builder
	for range 30_000 {
		for range maxWord {
			words.WriteByte(byte('a' + rnd.IntN(26)))
		}
		words.WriteByte(' ')
	}
	f := h.Deliver(no, attach("metformin", [2]string{"a.txt", words.String()}))
	c, err := h.search.worker.contentInside(t.Context(), todo{msg: f.Msg, account: no})
	if err != nil {
		t.Fatal(err)
	}
	hs, err := h.search.worker.hasher(t.Context(), no)
	if err != nil {
		t.Fatal(err)
	}
	list, err := tokensOf(c, hs.hash)
	if err != nil || len(list) > maxTokens+maxWord || len(list) < maxTokens/2 {
		t.Errorf("%d tokens of at most %d, %v", len(list), maxTokens, err)
	}
}
