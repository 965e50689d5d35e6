package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress tells on stderr how far long work is: as a bar on a terminal, and
// elsewhere as a line for every tenth.
type progress struct {
	out   io.Writer
	what  string
	total int // 0: not known
	bar   *progressbar.ProgressBar
	began time.Time
	next  int // rows at which the next line is due
}

func newProgress(out io.Writer, what string, total int) *progress {
	return makeProgress(out, what, total, progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"), progressbar.OptionSetPredictTime(true))
}

// newToldProgress is newProgress for work of which somebody else tells the rate.
func newToldProgress(out io.Writer, what string, total int) *progress {
	return makeProgress(out, what, total, progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
}

func makeProgress(out io.Writer, what string, total int, options ...progressbar.Option) *progress {
	p := &progress{out: out, what: what, total: total, began: time.Now(), next: max(total/10, 1)}
	if !isTerminal(out) {
		return p
	}
	most := int64(total)
	if total == 0 {
		most = -1 // a spinner
	}
	p.bar = progressbar.NewOptions64(most, append(options,
		progressbar.OptionSetWriter(out), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))...)
	return p
}

// tell tells that so many rows are done, at a rate a second (0: not known), and for
// how many seconds there is more to do.
func (p *progress) tell(done int, rate float64, left int) {
	if p.bar != nil {
		p.bar.Describe(p.what + atRate(rate, left))
		_ = p.bar.Set(done)
		return
	}
	if p.isDue(done) {
		fmt.Fprintf(p.out, "%s: %d of %d%s\n", p.what, done, p.total, atRate(rate, left))
	}
}

func atRate(rate float64, left int) string {
	if rate <= 0 {
		return ""
	}
	return fmt.Sprintf(", %.0f a second, %s left", rate, span(left))
}

// show tells that so many rows are done.
func (p *progress) show(done int) {
	if p.bar != nil {
		_ = p.bar.Set(done)
		return
	}
	if p.isDue(done) {
		fmt.Fprintln(p.out, p.line(done, time.Since(p.began)))
	}
}

// isDue says whether so many rows are worth a line.
func (p *progress) isDue(done int) bool {
	if p.total == 0 || done < p.next {
		return false
	}
	for p.next <= done {
		p.next += max(p.total/10, 1)
	}
	return true
}

// line is the progress in words.
func (p *progress) line(done int, took time.Duration) string {
	text := fmt.Sprintf("%s: %d of %d", p.what, done, p.total)
	if took < time.Second || done == 0 || done >= p.total {
		return text
	}
	rate := float64(done) / took.Seconds()
	return text + atRate(rate, int(math.Ceil(float64(p.total-done)/rate)))
}

// end clears the bar.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
