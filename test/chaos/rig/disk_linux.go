package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

// SmallDisk mounts a new file system in memory of so many bytes and returns where. It needs root.
func SmallDisk(t testing.TB, bytes int64) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("chaos", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// Fill makes a file in dir that leaves so many bytes free, and returns how to take it away.
func Fill(t testing.TB, dir string, leave int64) (empty func()) {
	t.Helper()
	path := filepath.Join(dir, "ballast")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	size := int64(st.Bavail)*st.Bsize - leave
	// Others write meanwhile, so that the last pages may be theirs.
	for err = syscall.Fallocate(int(f.Fd()), 0, 0, size); errors.Is(err, syscall.ENOSPC) && size > 1<<20; err = syscall.Fallocate(int(f.Fd()), 0, 0, size) {
		size -= 64 << 10
	}
	if err != nil {
		t.Fatalf("fill the disk with %d bytes: %v", size, err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

// PowerDisk is an ext4 file system on a loop device that can lose its power: whatever the kernel had not written yet is gone then. It needs
// root.
type PowerDisk struct {
	Dir   string
	t     testing.TB
	image string
}

// HasPowerDisk says what is missing for one, or "".
func HasPowerDisk() string {
	if _, err := exec.LookPath("mkfs.ext4"); err != nil {
		return "mkfs.ext4"
	}
	if _, err := os.Stat("/dev/loop-control"); err != nil {
		return "/dev/loop-control"
	}
	return ""
}

// NewPowerDisk makes a file system of so many bytes and mounts it.
func NewPowerDisk(t testing.TB, bytes int64) *PowerDisk {
	t.Helper()
	base := t.TempDir()
	d := &PowerDisk{t: t, Dir: filepath.Join(base, "disk"), image: filepath.Join(base, "image")}
	if err := errors.Join(os.Mkdir(d.Dir, 0o755), os.WriteFile(d.image, nil, 0o600), os.Truncate(d.image, bytes)); err != nil {
		t.Fatal(err)
	}
	d.run("mkfs.ext4", "-q", d.image)
	d.mount()
	t.Cleanup(func() { _ = syscall.Unmount(d.Dir, syscall.MNT_DETACH) }) // it may be unmounted
	return d
}

func (d *PowerDisk) run(argv ...string) {
	d.t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		d.t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

func (d *PowerDisk) mount() {
	d.t.Helper()
	d.run("mount", "-o", "loop", d.image, d.Dir)
}

// Sync writes out what is there: the project itself is not what a power cut is about.
func (d *PowerDisk) Sync() { syscall.Sync() }

const (
	ext4Shutdown   = 0x8004587d // EXT4_IOC_SHUTDOWN
	withoutTheLog  = 2          // EXT4_GOING_FLAGS_NOLOGFLUSH: what is in the journal's memory is lost too
	cutDescription = "cut the power"
)

// Cut stops the process in the middle of whatever it does, takes the power away from the disk, ends the process, and mounts what is left.
func (d *PowerDisk) Cut(p *Prickle) {
	d.t.Helper()
	p.Signal(syscall.SIGSTOP)
	root, err := os.Open(d.Dir)
	if err != nil {
		d.t.Fatal(err)
	}
	how := uint32(withoutTheLog)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, root.Fd(), ext4Shutdown, uintptr(unsafe.Pointer(&how)))
	if err := root.Close(); err != nil || errno != 0 {
		d.t.Fatalf("%s: %v, %v", cutDescription, errno, err)
	}
	p.Kill()
	Eventually(d.t, "the disk is free", func() (bool, string) {
		err := syscall.Unmount(d.Dir, 0)
		return err == nil, fmt.Sprint(err)
	})
	d.mount()
}
