package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// userFile is a file of users that can be read more than once.
type userFile struct {
	name    string // as it was given
	path    string // where it can be read
	rejects string // the file beside which its rejected rows go
	close   func()
}

// openUsers finds a file. What can be read only once, standard input (-) or a
// pipe, is kept in a file until close.
func openUsers(ctx context.Context, name string, in io.Reader) (*userFile, error) {
	if name == "-" || name == "/dev/stdin" {
		return spool(ctx, name, "stdin", in)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory; name a CSV file in it", name)
	case info.Mode().IsRegular():
		return &userFile{name: name, path: name, rejects: name, close: func() {}}, nil
	}
	pipe, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer pipe.Close()
	return spool(ctx, name, filepath.Base(name), pipe)
}

func spool(ctx context.Context, name, rejects string, in io.Reader) (*userFile, error) {
	file, err := os.CreateTemp("", "ledgerline-import-*.csv")
	if err != nil {
		return nil, err
	}
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(file, in)
		copied <- err
	}()
	select {
	case err = <-copied:
	case <-ctx.Done(): // nobody can end the reading of a terminal
		err = ctx.Err()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", name, err), os.Remove(file.Name()))
	}
	return &userFile{name: name, path: file.Name(), rejects: rejects, close: func() { os.Remove(file.Name()) }}, nil
}
