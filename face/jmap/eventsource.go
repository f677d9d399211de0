package jmap

import "haven/platform/errs"

func (v *visit) events() error { return errs.E(errs.NotFound, "") }
