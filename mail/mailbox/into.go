package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/platform/db"
)

// foldersFor are the numbers of the folders that a filing goes to, each once, with those that are to be made.
func (s *Service) foldersFor(tx *db.Tx, j *filing, l *lock) (all []haven.MailboxNo, astray bool, err error) {
	if len(j.Into) == 0 {
		return []haven.MailboxNo{provisioned(j.Role)}, false, nil
	}
	v := Viewer{Account: j.Account}
	t, err := folders(tx, v)
	if err != nil {
		return nil, false, err
	}
	for _, into := range j.Into {
		no, made, err := s.folderFor(tx, v, t, into, j.Role, l)
		if err != nil {
			return nil, false, err
		}
		if made {
			if t, err = folders(tx, v); err != nil {
				return nil, false, err
			}
		}
		if no == 0 {
			no, astray = provisioned(Inbox), true
		}
		if !slices.Contains(all, no) {
			all = append(all, no)
		}
	}
	return all, astray, nil
}

// folderFor is the number of one folder; 0: it isn't there.
func (s *Service) folderFor(tx *db.Tx, v Viewer, t tree, into Into, role Role, l *lock) (no haven.MailboxNo, made bool, err error) {
	if len(into.Path) == 0 {
		return provisioned(role), false, nil
	}
	if f, ok := t.at(into.Path); ok && f.Role == Scheduled {
		return 0, false, nil // only what is sent later stands there
	} else if ok {
		return f.No, false, nil
	}
	path, err := s.cleanPath(into.Path)
	if !into.Create || err != nil || !s.roomForFolders(t, path) {
		return 0, false, nil
	}
	f, err := s.makeFolders(tx, v, t, path, NoRole, l)
	return f.No, true, err
}

// roomForFolders reports whether all of a path could be made, so that none of it is where not all can.
func (s *Service) roomForFolders(t tree, path []string) bool {
	return s.policy.Folders == 0 || len(t)+len(path) <= s.policy.Folders
}

// CanFile says whether letters can be filed into a folder: whether it is there, or else whether it can be made. No viewer is asked: who calls it decides where a letter goes.
func (s *Service) CanFile(ctx context.Context, account haven.AccountNo, path []string) (there, makeable bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := folders(tx, Viewer{Account: account})
		if err != nil {
			return err
		}
		f, known := t.at(path)
		_, wrong := s.cleanPath(path)
		there = known && f.Role != Scheduled
		makeable = wrong == nil && !known && s.roomForFolders(t, path)
		return nil
	})
	return there, makeable, err
}

// FolderByID finds the path of a folder by its OBJECTID (RFC 8474 §4.1); nil: there is none. No viewer is asked, as by CanFile.
func (s *Service) FolderByID(ctx context.Context, account haven.AccountNo, owner haven.AccountID, id string) (path []string, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		t, err := folders(tx, Viewer{Account: account})
		for _, f := range t {
			if MailboxID(owner, f.No) == id {
				path = f.Path
			}
		}
		return err
	})
	return path, err
}
