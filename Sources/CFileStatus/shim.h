// What `stat` says of a file's type, permissions and owners. Members of `struct stat` itself can't be named reliably where Foundation is
// imported as well: several of the toolchain's modules include it, and the compiler takes it for that of the one it read first.
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

struct steelyard_file_status {
    uint32_t permissions;
    int is_regular;
    int is_link;
    uint32_t owner;
    uint32_t group;
};

static inline int steelyard_take_status(int result, const struct stat *found, struct steelyard_file_status *status) {
    if (result != 0) return -1;
    status->permissions = found->st_mode & 07777;
    status->is_regular = S_ISREG(found->st_mode);
    status->is_link = S_ISLNK(found->st_mode);
    status->owner = found->st_uid;
    status->group = found->st_gid;
    return 0;
}

// Of an open file. 0, or -1 with errno.
static inline int steelyard_status_of_open_file(int descriptor, struct steelyard_file_status *status) {
    struct stat found;
    return steelyard_take_status(fstat(descriptor, &found), &found, status);
}

// Of a name in a directory, or in the working directory (AT_FDCWD); of a link itself where it isn't followed. 0, or -1 with
// errno.
static inline int steelyard_status_of_name(
    int directory, const char *name, int is_followed, struct steelyard_file_status *status) {
    struct stat found;
    return steelyard_take_status(
        fstatat(directory, name, &found, is_followed ? 0 : AT_SYMLINK_NOFOLLOW), &found, status);
}
