package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"haven"
	"haven/mail/authn"
	"haven/mail/delivery"
	"haven/mail/document"
	"haven/mail/handover"
	"haven/mail/mailbox"
	"haven/mail/outbox"
	"haven/mail/push"
	"haven/mail/search"
	"haven/mail/sending"
	"haven/mail/sieve"
	"haven/mail/upload"
	"haven/mail/vacation"
	"haven/mail/work"
	"haven/people/access"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/directory"
	"haven/people/form"
	"haven/people/helpdesk"
	"haven/people/leaver"
	"haven/people/legal"
	"haven/people/linklist"
	"haven/people/lockout"
	"haven/people/locum"
	"haven/people/notice"
	"haven/people/openinghours"
	"haven/people/operator"
	"haven/people/organisation"
	"haven/people/profile"
	"haven/people/registration"
	"haven/people/request"
	"haven/people/reset"
	"haven/people/review"
	"haven/people/secondfactor"
	"haven/people/session"
	"haven/people/sharedmailbox"
	"haven/people/sharenotification"
	"haven/people/signature"
	"haven/people/texts"
	"haven/people/vouch"
	"haven/platform/audit"
	"haven/platform/blob"
	"haven/platform/cert"
	"haven/platform/change"
	"haven/platform/clock"
	"haven/platform/config"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/job"
	"haven/platform/notify"
	"haven/platform/secret"
	"haven/platform/webpush"
)

// house is every part of a service, wired. The stores are open from the first moment; faces and jobs run in serve
// alone, so that admin, check and back-up use the same parts beside a running service.
type house struct {
	conf  *config.Loaded
	log   *slog.Logger
	clock clock.Clock

	db     *db.DB
	keysDB *db.DB
	bodies *blob.Store
	keys   *secret.Keys
	hub    *change.Hub

	access        *access.Service
	accounts      *account.Service
	shared        *sharedmailbox.Service
	sessions      *session.Service
	second        *secondfactor.Service
	forms         *form.Service
	profiles      *profile.Service
	requests      *request.Service
	leavers       *leaver.Service
	directory     *directory.Service
	shares        *sharenotification.Service
	notify        *notify.Service
	contacts      *account.Contacts
	reset         *reset.Service
	lockouts      *lockout.Service
	vouch         *vouch.Service
	review        *review.Service
	helpdesk      *helpdesk.Service
	operators     *operator.Service
	notices       *notice.Service
	links         *linklist.Service
	texts         *texts.Service
	registration  *registration.Service
	portalAt      atomic.Pointer[string] // where the pages are, once they are open
	activation    *activation.Service
	organisations *organisation.Service
	hours         *openinghours.Service
	legal         *legal.Service
	locum         *locum.Service
	mail          *mailbox.Service
	search        *search.Service // nil until openSearch
	documents     *document.Pool  // likewise
	outbox        *outbox.Outbox
	delivery      *delivery.Service
	vacation      *vacation.Service
	filters       *sieve.Service
	sending       *sending.Service
	work          *work.Service
	handover      *handover.Service
	uploads       *upload.Service
	signatures    *signature.Service
	push          *push.Service
	vapid         *webpush.Identity // as whom push services know us
	signer        *authn.Signer
	sealer        *audit.Sealer
	verifier      note.Verifier

	certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	authority   []byte // PEM; nil where the operator's certificate is shown
	closers     []func() error
	turns       *job.Runner // what every open house does again and again
	node        node
	existing    bool // only a store that is there is opened
	demo        bool // everything is made up, and stays on this machine
	looks       bool // for check: it is only read, and no key or certificate is made
}

// searchFile stands in the data folder beside the databases.
const searchFile = "search.db"

// lookLimit is how long one question of check may take, which nobody waits for.
const lookLimit = 10 * time.Minute

// schemas are the tables of every concept, those first that others refer to.
var schemas = []db.Schema{job.Schema, audit.Schema, blob.Schema, account.Schema, account.ContactSchema, organisation.Schema, sharenotification.Schema, sharedmailbox.Schema, openinghours.Schema, legal.Schema, session.Schema, activation.Schema, secondfactor.Schema, lockout.Schema, profile.Schema, form.Schema, directory.Schema, request.Schema, notify.Schema, reset.Schema, registration.Schema, leaver.Schema, helpdesk.Schema, locum.Schema, vouch.Schema, review.Schema,
	operator.Schema, linklist.Schema, notice.Schema, texts.Schema, mailbox.Schema, outbox.Schema, delivery.Schema, vacation.Schema, sieve.Schema, search.Schema, signature.Schema, handover.Schema, upload.Schema, push.Schema, sending.Schema, work.Schema}

// openHouse opens the stores in the data folder, which is there, and wires all parts over them. On an error nothing
// stays open.
func openHouse(ctx context.Context, conf *config.Loaded, log *slog.Logger) (*house, error) {
	h := newHouse(conf, log)
	return h.open(ctx, h.openStores, h.wirePeople, h.wireStore, h.wireNotify, h.wireTold, h.wireMail, h.wirePush, h.wireTrust)
}

// openDemo is openHouse for a demo, whose outbox shows what notices say.
func openDemo(ctx context.Context, conf *config.Loaded, log *slog.Logger) (*house, error) {
	h := newHouse(conf, log)
	h.demo = true
	moved, err := demoClock(h.path(clockFile), h.path("haven.db"))
	if err != nil {
		return nil, err
	}
	h.clock = moved
	return h.open(ctx, h.openStores, h.wirePeople, h.wireStore, h.wireNotify, h.wireTold, h.wireMail, h.wirePush, h.wireTrust)
}

// openExisting is openHouse for a command that uses a store and never makes one.
func openExisting(ctx context.Context, conf *config.Loaded, log *slog.Logger) (*house, error) {
	h := newHouse(conf, log)
	h.existing = true
	return h.open(ctx, h.openStores, h.wirePeople, h.wireStore, h.wireNotify, h.wireTold, h.wireMail, h.wirePush, h.wireTrust)
}

// openToLook opens what check reads, and makes nothing that is missing: no key, no certificate, no folder. Only what
// check and repair use is wired.
func openToLook(ctx context.Context, conf *config.Loaded, log *slog.Logger) (*house, error) {
	h := newHouse(conf, log)
	h.existing, h.looks = true, true
	return h.open(ctx, h.openStores, h.wirePeople, h.wireStore, h.findVerifier)
}

func newHouse(conf *config.Loaded, log *slog.Logger) *house {
	return &house{conf: conf, log: log, clock: clock.Real{}, hub: &change.Hub{}}
}

// open takes the steps; on an error nothing stays open.
func (h *house) open(ctx context.Context, steps ...func(context.Context) error) (_ *house, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *house) onClose(fn func() error) { h.closers = append(h.closers, fn) }

// close closes what is open, the last opened first.
func (h *house) close() error {
	var all []error
	for i := len(h.closers) - 1; i >= 0; i-- {
		all = append(all, h.closers[i]())
	}
	h.closers = nil
	return errors.Join(all...)
}

func (h *house) path(name string) string { return filepath.Join(h.conf.Service.Data, name) }

func (h *house) openStores(ctx context.Context) (err error) {
	for _, dir := range []string{h.conf.Service.Data, packsIn(h.conf)} {
		if err := isOurs(dir); err != nil {
			return err
		}
	}
	main, keys := databases(h.conf, h.log)
	main.Existing, keys.Existing = h.existing, h.existing
	if h.looks {
		main.ReadLimit = lookLimit
	}
	if h.db, err = openDB(ctx, main, schemas...); err != nil {
		return err
	}
	h.onClose(h.db.Close)
	if h.keysDB, err = openDB(ctx, keys, secret.Schema); err != nil {
		return err
	}
	h.onClose(h.keysDB.Close)
	if err := h.keysAreThere(ctx); err != nil {
		return err
	}
	if err := h.openKeys(ctx); err != nil {
		return err
	}
	return h.openBodies(ctx)
}

// databases are where the mail's rows and the key store are.
func databases(conf *config.Loaded, log *slog.Logger) (main, keys db.Config) {
	at := func(name string) string { return filepath.Join(conf.Service.Data, name) }
	main, keys = db.Config{Path: at("haven.db"), Logger: log}, db.Config{Path: at("keys.db"), Logger: log}
	if url := conf.Database.URL; url != "" {
		main.Path, keys.Path, keys.Schema = url, url, "haven_keys"
	}
	if url := conf.Database.KeysURL; url != "" {
		keys.Path = url
	}
	return main, keys
}

// openDB opens a database and brings its tables up to date; one that has to be there already is only looked at.
func openDB(ctx context.Context, c db.Config, schemas ...db.Schema) (*db.DB, error) {
	d, err := db.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("the database can't be opened: %w", err)
	}
	if c.Existing {
		if err := d.Current(ctx, schemas...); err != nil {
			return nil, errors.Join(err, d.Close())
		}
		return d, nil
	}
	if err := d.Migrate(ctx, schemas...); err != nil {
		return nil, errors.Join(fmt.Errorf("the database can't be brought up to date: %w", err), d.Close())
	}
	return d, nil
}

// keysAreThere refuses an empty key store where one was in use: with new keys the service would start, and nobody could
// read a letter.
func (h *house) keysAreThere(ctx context.Context) error {
	if some, err := secret.Begun(ctx, h.keysDB); err != nil || some {
		return err
	}
	used, err := account.Any(ctx, h.db)
	if err == nil && (used || h.existing) {
		err = errors.New("the key store is empty, and the database needs the keys that were in it; restore the key store, or check database.keys_url and that its disk is mounted")
	}
	return err
}

func (h *house) openKeys(ctx context.Context) (err error) {
	h.keys, err = secret.Open(ctx, h.keysDB, secret.NewFileKMS(masterKeyFile(h.conf), rand.Reader), secret.Options{Logger: h.log})
	if err != nil {
		return fmt.Errorf("the key store can't be opened: %w", err)
	}
	h.onClose(func() error { h.keys.Close(); return nil })
	return nil
}

// openBodies opens the pack folder that belongs to the database, and no other.
func (h *house) openBodies(ctx context.Context) error {
	known := ""
	err := h.db.Read(ctx, func(tx *db.Tx) (err error) {
		known, err = blob.BoundTo(tx)
		return err
	})
	if err != nil {
		return err
	}
	if h.existing && known == "" {
		return errors.New("the database is empty: no service has used it; check service.data and database.url in the configuration, or restore the database")
	}
	p := h.conf.Policy
	h.bodies, err = blob.Open(packsIn(h.conf), blob.Options{Identity: known, ReadOnly: h.looks, Logger: h.log, MaxBody: max(2*p.Sending.MessageOctets, p.JMAP.UploadOctets),
		Grace: p.Mailbox.SweepAfter, Linger: p.Mailbox.UnlinkAfter})
	if err != nil {
		return fmt.Errorf("the folder of message bodies can't be opened: %w", err)
	}
	h.onClose(h.bodies.Close)
	if h.looks {
		return nil
	}
	return h.db.Write(ctx, h.bodies.Bind)
}

func (h *house) wirePeople(ctx context.Context) error {
	p := h.conf.Policy
	h.access = access.New(h.db, h.clock.Now)
	var temporary []byte
	if !h.looks {
		var err error
		if temporary, err = h.keys.NamedKey(ctx, "account.temporary"); err != nil {
			return fmt.Errorf("the key of temporary passwords can't be had: %w", err)
		}
	}
	h.accounts = account.New(account.Options{DB: h.db, Access: h.access, Provisioner: provisioner{h}, Announcer: announcer{h},
		Policy: p, Clock: h.clock, Domains: h.conf.Service.Domains, Portal: h.conf.Service.Portal, Logger: h.log, Names: sharedmailbox.Names, Locked: lockout.Note, TemporaryKey: temporary})
	h.organisations = organisation.New(h.db, h.clock, p.Organisation, sharedmailbox.Have)
	h.sessions = session.New(session.Options{DB: h.db, Clock: h.clock, Policy: p.Session, Announcer: sessionsEnd{h}, Ended: endPushes})
	h.operators = operator.New(operator.Options{DB: h.db, Clock: h.clock, Policy: p.Operator, Demo: h.demo})
	h.links = linklist.New(linklist.Options{DB: h.db, Places: h.organisations, Policy: p.Organisation, Clock: h.clock})
	h.notices = notice.New(notice.Options{DB: h.db, Operators: h.operators, Clock: h.clock, Policy: p.Operator})
	h.texts = texts.New(texts.Options{DB: h.db, Operators: h.operators, Clock: h.clock, Policy: p.Operator})
	h.second = secondfactor.New(secondfactor.Options{DB: h.db, Keys: personal{h}, Clock: h.clock, Policy: p, Issuer: "Haven",
		Portal: func() string { return told{h}.page("") }, Owns: sharedmailbox.OwnsIn})
	h.shared = sharedmailbox.New(sharedmailbox.Options{DB: h.db, Accounts: h.accounts, Access: h.access, Announcer: announcer{h},
		Factor: h.second, Reading: reading{h}, Policy: p, Clock: h.clock, Logger: h.log})
	h.shares = sharenotification.New(sharenotification.Options{DB: h.db, Announcer: waker{h.hub}, Policy: p.Shared, Clock: h.clock})
	h.locum = locum.New(locum.Options{DB: h.db, Access: h.access, Shared: h.shared, Notices: told{h}, Policy: p.Locum, Clock: h.clock})
	h.directory = directory.New(directory.Options{DB: h.db, Profiles: profiles{h}, Policy: p.Directory, Clock: h.clock, Logger: h.log})
	h.legal = legal.New(legal.Options{DB: h.db, Shared: h.shared, Policy: p.Organisation, Clock: h.clock})
	h.hours = openinghours.New(openinghours.Options{DB: h.db, Shared: h.shared, Policy: p.Organisation, Clock: h.clock})
	if h.looks {
		return nil
	}
	if err := h.organisations.Index(ctx); err != nil {
		return fmt.Errorf("the premises can't be made findable: %w", err)
	}
	return nil
}

func (h *house) wireStore(ctx context.Context) error {
	node, err := h.takeNode(ctx)
	if err != nil {
		return err
	}
	h.mail = mailbox.New(mailbox.Options{DB: h.db, Bodies: h.bodies, Keys: h.keys, Hub: h.hub, Access: ourselves{h.access},
		Clock: h.clock, Policy: h.conf.Policy, Logger: h.log, Node: node, Withdrawn: h.withdrawn, Reported: sending.Reported})
	return h.startTurns()
}

func (h *house) wireMail(ctx context.Context) (err error) {
	p := h.conf.Policy
	if h.signer, err = authn.OpenSigner(ctx, h.keys); err != nil {
		return fmt.Errorf("the signing keys can't be had: %w", err)
	}
	resolver := h.resolver()
	sealer, err := h.keys.Sealer(ctx, "outbox.seal")
	if err != nil {
		return err
	}
	h.outbox = outbox.New(outbox.Config{DB: h.db, Alone: h.db.Engine() == "sqlite", Bodies: h.bodies, Sealer: sealer, Hostname: h.conf.Service.Hostname,
		Notices:  h.postmaster().String(),
		Policy:   outbox.Policy{Lifetime: p.Sending.QueueFor, WarnAfter: p.Sending.DelayNotice, Recipients: p.Sending.Recipients},
		Resolver: hosts{resolver}, Routes: h.routes(), Self: h.ownNames(), Signer: domainSigner{h}, Local: notices{h}, Own: letters{h}, Fates: fates{h}, Notify: func(e outbox.Event) { h.sending.Told(e) }, Clock: h.clock, Log: h.log})
	crowds, err := h.keys.Sealer(ctx, "delivery.seal")
	if err != nil {
		return err
	}
	owed, err := h.keys.Sealer(ctx, "vacation.seal")
	if err != nil {
		return err
	}
	h.vacation = vacation.New(vacation.Options{DB: h.db, Access: h.access, Owners: owners{h}, Accounts: away{h}, Keys: h.keys, Sealer: owed, Changed: h.mail.Changed, Policy: p.Vacation, Clock: h.clock, Logger: h.log})
	h.work = work.New(work.Options{DB: h.db, Mail: h.mail, Access: h.access, People: colleagues{}, Hours: hours{}, Notices: told{h}, Alarms: late{told{h}}, Keys: h.keys, Hub: h.hub, Policy: p.Work, Clock: h.clock, Logger: h.log})
	h.filters = sieve.New(sieve.Options{DB: h.db, Access: h.access, Owners: owners{h}, Keys: h.keys, Hub: h.hub, Policy: p.Sieve, Clock: h.clock, Zone: openinghours.London, Logger: h.log})
	h.handover = handover.New(handover.Options{DB: h.db, Mail: h.mail, People: insiders{h}, Policy: p, Clock: h.clock})
	h.uploads = upload.New(upload.Options{DB: h.db, Bodies: h.bodies, Keys: h.keys, Access: h.access, Room: h.mail, Policy: p.JMAP, Clock: h.clock})
	h.delivery = delivery.New(delivery.Options{Host: h.conf.Service.Hostname, Postmaster: h.postmaster(),
		Store: h.mail, Room: h.mail, Bodies: h.bodies, Keys: h.keys, Directory: receivers{h}, Senders: senders{h}, Outbox: h.outbox, Returns: letters{h}, Replies: h.vacation, Footers: footers{h}, Colleagues: h.work, Filters: h.filters, Sieve: p.Sieve,
		DB: h.db, Sealer: crowds, Checker: &authn.Checker{DNS: authn.NewCached(resolver, h.clock.Now)}, Policy: p.Sending, Clock: h.clock, Logger: h.log})
	told, err := h.wireSending(ctx)
	if err != nil {
		return err
	}
	return h.turnSealers(sealer, crowds, owed, told)
}

// indexLease is for how long one of several processes keeps the index: far longer than a step of it takes.
const indexLease = 2 * time.Minute

// indexTurn lets one of the processes that share a database keep the index.
func (h *house) indexTurn() func(context.Context) (bool, error) {
	return h.turnOf("search index", indexLease)
}

// turnOf lets one of the processes that share a database do something. Where there is one process nobody is asked: it is nil.
func (h *house) turnOf(name string, d time.Duration) func(context.Context) (bool, error) {
	if h.db.Engine() == "sqlite" || h.looks {
		return nil
	}
	leases := job.NewLeases(h.db, h.clock, holder())
	h.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
		defer cancel()
		if err := leases.Release(ctx, name); err != nil {
			h.log.Warn("a lease is not given back; it lapses", "lease", name, "error", err)
		}
		return nil
	})
	return leases.Turn(name, d)
}

// openSearch opens the search and its index, which only they need who search or rebuild; without it search is nil.
func (h *house) openSearch(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the program that reads documents can't be found, which is this one: %w", err)
	}
	h.documents = document.NewPool(document.Options{Command: []string{self, "extract"}, Limits: h.conf.Policy.Documents, Logger: h.log})
	h.search, err = search.Open(ctx, search.Options{Main: h.db, Store: h.mail, Keys: h.terms, Itself: readsItself, Documents: h.documents,
		IndexPath: h.path(searchFile), Clock: h.clock, Logger: h.log, Turn: h.indexTurn()})
	if err != nil {
		return fmt.Errorf("the search index can't be opened: %w", err)
	}
	h.onClose(h.search.Close)
	return nil
}

func (h *house) wireTrust(ctx context.Context) error {
	key, err := h.keys.NamedOr(ctx, "audit.note", makeNoteKey)
	if err != nil {
		return fmt.Errorf("the audit log's key can't be had: %w", err)
	}
	skey, vkey, ok := strings.Cut(string(key), "\n")
	if !ok {
		return errors.New("the audit log's key in the key store is damaged; restore the key store")
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	if h.verifier, err = note.NewVerifier(vkey); err != nil {
		return err
	}
	h.sealer = audit.NewSealer(h.db, signer, h.log)
	if t := h.conf.TLS; t.Certificate != "" {
		files, err := cert.Open(t.Certificate, t.Key, h.clock.Now, h.log)
		if err != nil {
			return err
		}
		h.certificate = files.Get
		return nil
	}
	imap, submission := h.conf.ProgramHosts()
	hosts := slices.Compact([]string{h.conf.Service.Hostname, imap, submission, "localhost", "127.0.0.1", "::1"})
	own, ca, err := cert.Own(ctx, h.keys, hosts, h.clock.Now())
	if err != nil {
		return fmt.Errorf("no certificate could be made: %w", err)
	}
	h.authority = ca
	h.certificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return own, nil }
	return nil
}

// findVerifier finds what the audit log is verified with, and makes no key: where there is none, verifier stays nil.
func (h *house) findVerifier(ctx context.Context) error {
	key, err := h.keys.Named(ctx, "audit.note")
	if errs.Is(err, errs.NotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("the audit log's key can't be had: %w", err)
	}
	_, vkey, _ := strings.Cut(string(key), "\n")
	h.verifier, err = note.NewVerifier(vkey)
	return err
}

func makeNoteKey() ([]byte, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, "haven-audit")
	return []byte(skey + "\n" + vkey), err
}

// resolver asks the name server that the configuration names, or the machine's.
func (h *house) resolver() authn.Resolver {
	server := h.conf.Outbox.Resolver
	if server == "" {
		return authn.SystemResolver()
	}
	return authn.ServerResolver(server)
}

func (h *house) routes() []outbox.Route {
	var out []outbox.Route
	for _, r := range h.conf.Outbox.Routes {
		domain, host, _ := strings.Cut(r, "=")
		out = append(out, outbox.Route{Domain: domain, Host: host})
	}
	if h.conf.Outbox.SmartHost != "" {
		out = append(out, outbox.Route{Domain: "*", Host: h.conf.Outbox.SmartHost})
	}
	return out
}

func (h *house) ownNames() []string {
	return append([]string{h.conf.Service.Hostname}, h.conf.Service.Domains...)
}

// terms finds what hashes an account's words.
func (h *house) terms(ctx context.Context, no haven.AccountNo) (search.Terms, error) {
	return h.keys.Account(ctx, no)
}
