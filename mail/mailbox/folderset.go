package mailbox

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"haven"
	"haven/platform/db"
	"haven/platform/errs"
)

// RuleFolderMail is the rule by which a folder is not deleted since there are messages in it.
const RuleFolderMail = "folder.holds-messages"

var errFolderMail = &errs.Error{Kind: errs.Invalid, Rule: RuleFolderMail, Say: "There are messages in this folder. Move them first, or say that they are to be deleted with it."}

// maxSort is the greatest place that a folder can be given (RFC 8621 §2).
const maxSort = 1<<31 - 1

// sortOf is a folder's place where nobody gave it one: those of roles in the order in which people look for them, then all others.
func sortOf(role Role, given int64) int64 {
	if given >= 0 {
		return given
	}
	for i, f := range []Role{Inbox, Drafts, Sent, Archive, Junk, Trash} {
		if f == role {
			return int64(i + 1)
		}
	}
	return 10
}

// FolderChange is what a folder is to become. What is nil stays.
type FolderChange struct {
	Parent     *haven.MailboxNo // 0: the root
	Name       *string
	Role       *Role
	Sort       *int64
	Subscribed *bool // of the viewer
}

// AddFolder makes a folder below another, or at the root where Parent is nil or 0. Conflict: there is one of that name, or another has the role.
func (s *Service) AddFolder(ctx context.Context, v Viewer, ch FolderChange) (f Folder, err error) {
	err = s.write(ctx, v, haven.Write, 2, func(tx *db.Tx, l *lock) error {
		t, err := folders(tx, v)
		if err != nil {
			return err
		}
		f = Folder{UIDNext: 1, Subscribed: true}
		if err := s.apply(t, &f, ch, true); err != nil {
			return err
		}
		if s.policy.Folders > 0 && len(t) >= s.policy.Folders {
			return errs.E(errs.TooMany, "A mailbox has at most %d folders. Delete some first.", s.policy.Folders)
		}
		if f.No, f.UIDValidity, err = s.nextFolder(tx, v.Account); err != nil {
			return err
		}
		insertFolder(tx, v.Account, f, l.take())
		return finishFolder(tx, v, f, ch, l)
	})
	return f, err
}

// ChangeFolder changes a folder. One that every mailbox has keeps its name, place and role.
func (s *Service) ChangeFolder(ctx context.Context, v Viewer, no haven.MailboxNo, ch FolderChange) error {
	need := haven.Write
	if ch.Parent == nil && ch.Name == nil && ch.Role == nil && ch.Sort == nil {
		need = haven.Read // who reads alone has a list of those subscribed to as well
	}
	return s.write(ctx, v, need, 1, func(tx *db.Tx, l *lock) error {
		t, err := folders(tx, v)
		if err != nil {
			return err
		}
		i := t.index(no)
		if i < 0 {
			return errNoFolder
		}
		f := t[i]
		if err := s.apply(t, &f, ch, false); err != nil {
			return err
		}
		return finishFolder(tx, v, f, ch, l)
	})
}

// apply makes f what ch says, or refuses it.
func (s *Service) apply(t tree, f *Folder, ch FolderChange, fresh bool) error {
	was := *f
	if ch.Parent != nil {
		f.Parent = *ch.Parent
	}
	if ch.Name != nil {
		f.Name = norm.NFC.String(*ch.Name)
	}
	if ch.Role != nil {
		f.Role = *ch.Role
	}
	if ch.Sort != nil {
		if f.Sort = *ch.Sort; f.Sort < 0 || f.Sort > maxSort {
			return errs.E(errs.Invalid, "A folder's place in the list is a number between 0 and %d.", maxSort)
		}
	}
	if f.Role != was.Role && f.Role == Scheduled {
		return errScheduledRole
	}
	if f.Role != was.Role && was.Role == Scheduled {
		return errFolderKept
	}
	if !fresh && f.No <= haven.MailboxNo(len(Provisioned)) && (f.Name != was.Name || f.Parent != was.Parent || f.Role != was.Role) {
		return errFolderKept
	}
	if f.Name == was.Name && f.Parent == was.Parent && f.Role == was.Role && !fresh {
		return nil
	}
	return s.fits(t, *f)
}

// fits refuses a folder that can't be where it is to be.
func (s *Service) fits(t tree, f Folder) error {
	depth := 1 + t.height(f.No)
	if f.Parent != 0 {
		if t.index(f.Parent) < 0 {
			return errNoFolder
		}
		depth += len(t.path(f.Parent))
	}
	for at, n := f.Parent, 0; at != 0 && n < deepest; n++ {
		if at == f.No {
			return errs.E(errs.Invalid, "A folder can't be moved into itself.")
		}
		at = t[t.index(at)].Parent
	}
	if !goodName(f.Name, s.policy.FolderOctets) || depth > s.policy.FolderDepth {
		return s.errFolderName()
	}
	same := func(o Folder) bool {
		return o.No != f.No && o.Parent == f.Parent && (o.Name == f.Name || f.Parent == 0 && o.Role == Inbox && strings.EqualFold(o.Name, f.Name))
	}
	if slices.ContainsFunc(t, same) {
		return errFolderIs
	}
	if f.Role != NoRole && slices.ContainsFunc(t, func(o Folder) bool { return o.No != f.No && o.Role == f.Role }) {
		return errRoleTaken
	}
	return nil
}

// finishFolder writes what a folder is now.
func finishFolder(tx *db.Tx, v Viewer, f Folder, ch FolderChange, l *lock) error {
	sort := int64(-1)
	if ch.Sort != nil {
		sort = f.Sort
	}
	tx.Exec(sqlSetFolder, int64(v.Account), int64(f.No), int64(f.Parent), f.Name, string(f.Role), sort, int64(l.take()))
	if ch.Subscribed != nil {
		tx.Exec(subscribing(*ch.Subscribed), int64(v.Person), int64(v.Account), int64(f.No))
	}
	return nil
}

// RemoveFolder deletes a folder as DeleteFolder does; unless messages says so, only one in which nothing is to be seen.
func (s *Service) RemoveFolder(ctx context.Context, v Viewer, no haven.MailboxNo, messages bool) error {
	var f Folder
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := s.need(tx, v, haven.Write); err != nil {
			return err
		}
		t, err := folders(tx, v)
		if err != nil {
			return err
		}
		i := t.index(no)
		if i < 0 {
			return errNoFolder
		}
		f = t[i]
		return nil
	})
	if err != nil {
		return err
	}
	if !messages && f.Total > f.Deleted && !f.Children && no > haven.MailboxNo(len(Provisioned)) {
		return errFolderMail
	}
	if !messages {
		return s.deleteFolder(ctx, v, f, deletedOnly)
	}
	return s.deleteFolder(ctx, v, f, allMessages)
}
