package db

import (
	"context"

	"haven/platform/errs"
)

func openPostgres(context.Context, Config) (engine, error) {
	return nil, errs.E(errs.Internal, "not yet")
}
