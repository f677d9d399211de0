package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"haven"
	"haven/people/activation"
	"haven/people/organisation"
	"haven/people/registration"
	"haven/platform/config"
	"haven/platform/db"
	"haven/platform/db/dbtest"
)

// premisesFile is the national list of premises (April 2025, Open Government Licence); HAVEN_BENCH_PREMISES names another.
const premisesFile = "../../../shared/data/edispensary.csv"

// passcodes hands out what the registered e-mails were sent, and tells all else as the service does.
type passcodes struct {
	told
	sent sync.Map // by reference
}

func (p *passcodes) Passcode(tx *db.Tx, a registration.Attempt) error {
	p.sent.Store(a.Ref, a.Passcode)
	return p.told.Passcode(tx, a)
}

// BenchmarkPremises registers every open pharmacy of the list with three people each, by the calls that the pages make: asked, proven, people named,
// submitted; mailbox, accounts, links, addresses and notices are there at its end. One round is all of them:
//
//	go test -run '^$' -bench Premises -benchtime 1x -timeout 1h ./cmd/haven
//
// HAVEN_BENCH_COUNT stops after so many.
func BenchmarkPremises(b *testing.B) {
	file := premisesFile
	if f := os.Getenv("HAVEN_BENCH_PREMISES"); f != "" {
		file = f
	}
	list, err := os.ReadFile(file)
	if err != nil {
		b.Skipf("the list of premises is not here: %v", err)
	}
	most := 1 << 30
	if n := os.Getenv("HAVEN_BENCH_COUNT"); n != "" {
		_, _ = fmt.Sscan(n, &most) // what is no number changes nothing
	}
	for _, engine := range dbtest.Engines() {
		b.Run(engine, func(b *testing.B) { benchPremises(b, engine, list, most) })
	}
}

func benchPremises(b *testing.B, engine string, list []byte, most int) {
	for b.Loop() {
		b.StopTimer()
		h := benchHouse(b, engine)
		contacts, codes := contactsOf(b, string(list), most)
		ctx := b.Context()
		if _, err := h.organisations.Apply(ctx, haven.Actor{Program: "bench"}, strings.NewReader(string(list)), organisation.Options{}); err != nil {
			b.Fatal(err)
		}
		if _, err := h.organisations.ApplyContacts(ctx, haven.Actor{Program: "bench"}, strings.NewReader(contacts), nil); err != nil {
			b.Fatal(err)
		}
		sent := &passcodes{told: told{h}}
		p := h.conf.Policy
		service, err := registration.Open(ctx, registration.Options{DB: h.db, Keys: h.keys, Accounts: h.accounts, Contacts: h.contacts, Shared: h.shared, Places: h.organisations,
			Notices: sent, Clock: h.clock, Policy: p, Temporary: func() (string, error) { return activation.TemporaryPassword(p.Password) }})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		begin := time.Now()
		registerAll(b, service, sent, codes)
		took := time.Since(begin)
		if b.Failed() {
			b.FailNow()
		}
		b.StopTimer()
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(len(codes))/took.Seconds(), "premises/s")
		b.ReportMetric(float64(len(codes)), "premises")
		if err := h.close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(0, "ns/op")
}

func benchHouse(b testing.TB, engine string) *house {
	b.Helper()
	conf := config.Default()
	conf.Service.Domains, conf.Service.Hostname, conf.Service.Data = []string{"haven.test"}, "localhost", filepath.Join(b.TempDir(), "data")
	if err := os.MkdirAll(conf.Service.Data, 0o700); err != nil {
		b.Fatal(err)
	}
	if engine == "postgres" {
		server, err := dbtest.StartServer()
		if err != nil {
			b.Skip(err)
		}
		b.Cleanup(func() { _ = server.Stop() }) // it ends with the process anyway
		conf.Database.URL = server.URL
	}
	h, err := openHouse(b.Context(), &config.Loaded{Config: conf}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	return h
}

// contactsOf makes up a registered e-mail and a GPhC number for each open pharmacy of the list.
func contactsOf(b *testing.B, list string, most int) (contacts string, codes []string) {
	b.Helper()
	rows, err := csv.NewReader(strings.NewReader(list)).ReadAll()
	if err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	out.WriteString("ODS code,e-mail,GPhC number,source,date\n")
	for _, r := range rows {
		if (r[12] == "A" || r[12] == "ACTIVE") && r[11] == "" && r[13] == "1" && len(codes) < most {
			fmt.Fprintf(&out, "%s,%s@premises.example,1%06d,made up,2025-04-30\n", r[0], strings.ToLower(r[0]), len(codes))
			codes = append(codes, r[0])
		}
	}
	return out.String(), codes
}

// workers register at once, as browsers do.
const workers = 32

func registerAll(b *testing.B, s *registration.Service, sent *passcodes, codes []string) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(codes) || b.Failed() {
					return
				}
				if err := registerOne(b.Context(), s, sent, codes[i], i); err != nil {
					b.Errorf("%s: %v", codes[i], err)
				}
			}
		})
	}
	group.Wait()
}

func registerOne(ctx context.Context, s *registration.Service, sent *passcodes, code string, i int) error {
	place := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String()
	actor := haven.Actor{Place: place, Program: "portal"}
	pass, err := s.Ask(ctx, actor, code, fmt.Sprintf("1%06d", i))
	if err != nil {
		return err
	}
	passcode, ok := sent.sent.LoadAndDelete(pass.Ref)
	if !ok {
		return fmt.Errorf("no passcode was sent for %s", pass.Ref)
	}
	token, err := s.Prove(ctx, actor, string(pass.Ref), passcode.(string))
	if err != nil {
		return err
	}
	var people []registration.Person
	for n := range 3 {
		k := 3*i + n
		people = append(people, registration.Person{First: firsts[k%len(firsts)], Last: lasts[k/len(firsts)%len(lasts)] + ending(k),
			Email: fmt.Sprintf("person%d@home.example", k), Mobile: fmt.Sprintf("07%09d", 700_000_000+k)})
	}
	if err := s.SetPeople(ctx, actor, pass.Ref, token, people); err != nil {
		return err
	}
	_, err = s.Submit(ctx, actor, pass.Ref, token)
	return err
}

// Names as they are shared by many: each is some thirty people's.
var (
	firsts = []string{"Aisha", "Ben", "Carys", "Dev", "Ella", "Farid", "Grace", "Hugh", "Ines", "Jonas", "Kira", "Liam", "Mei", "Noor", "Owen", "Petra", "Rosa", "Sven", "Tess", "Uma", "Vera", "Will"}
	lasts  = []string{"Rahman", "Whitlock", "Morgan", "Anand", "Osei", "Nasser", "Lindqvist", "Calvo", "Petty", "Sandhu", "Fenwick", "Tanaka", "Haddad", "Price", "Novak", "Okafor", "Bianchi", "Quist", "Marsh", "Aldred"}
)

// ending ends a name so that thirty people share it.
func ending(k int) string {
	n := k / (len(firsts) * len(lasts) * 30)
	return string([]rune{'a' + rune(n%26), 'a' + rune(n/26%26)})
}
