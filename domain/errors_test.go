package domain_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

func TestARejectionIsFoundInsideOtherErrors(t *testing.T) {
	no := domain.Reject(domain.Conflict, "Not now.")
	wrapped := fmt.Errorf("row 7: %w", no)
	require.ErrorIs(t, wrapped, no)
	require.Same(t, no, domain.AsRejection(wrapped))
	require.NotErrorIs(t, wrapped, domain.Reject(domain.Conflict, "Not now."), "two rules are two rejections")
	require.Nil(t, domain.AsRejection(errors.New("disk full")))
	require.Nil(t, domain.AsRejection(nil))
}

func TestWrongFieldsAreToldOneByOne(t *testing.T) {
	var f domain.Fields
	require.NoError(t, f.Err())
	f.Add("email", domain.Missing, "is missing")
	f.Add("package", domain.Malformed, "must be one of basic, premium")
	r := domain.AsRejection(f.Err())
	require.Equal(t, domain.Invalid, r.Kind)
	require.Equal(t, "email: is missing; package: must be one of basic, premium", r.Error())
	require.Equal(t, "Not now.", domain.Reject(domain.Conflict, "Not now.").Error())
}
