package doctor

import "golang.org/x/sys/unix"

// kindOf tells what file system a folder is on.
func kindOf(dir string) diskKind {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return diskLocal
	}
	const cifs, smb2, ceph, ninep, lustre = 0xff534d42, 0xfe534d42, 0x00c36400, 0x01021997, 0x0bd00bd0
	switch uint32(st.Type) { //nolint:gosec // magic numbers of 32 bits
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC:
		return diskMemory
	case unix.NFS_SUPER_MAGIC, cifs, smb2, ceph, ninep, lustre:
		return diskNetwork
	}
	return diskLocal
}
