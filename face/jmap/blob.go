package jmap

import "haven/platform/errs"

// blobMethods are those of blobs.
var blobMethods = map[string]method{}

func (v *visit) upload() error   { return errs.E(errs.NotFound, "") }
func (v *visit) download() error { return errs.E(errs.NotFound, "") }
