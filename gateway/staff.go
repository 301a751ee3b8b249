package gateway

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"passgate/checkpoint"
)

// minPassword is the fewest characters that a password may have.
const minPassword = 10

// accountRoles are the roles that an account can have. Guards are no staff of
// everyStaff: they never sign in.
var accountRoles = append(slices.Clone(everyStaff.staff), checkpoint.RoleGuard)

// accountView is an account as the API shows it: without its password hash.
type accountView struct {
	staffView
	Disabled bool `json:"disabled"`
	Badge    bool `json:"badge"`
}

func viewOfAccount(st *checkpoint.Staff) accountView {
	return accountView{viewOfStaff(st), st.Disabled, len(st.BadgeHash) > 0}
}

// accountInput is an account as the API takes it. An empty password keeps the
// one that is there, except that who becomes a guard loses it.
type accountInput struct {
	Login    string          `json:"login"`
	Name     string          `json:"name"`
	Role     checkpoint.Role `json:"role"`
	Grid     string          `json:"grid"`
	Disabled bool            `json:"disabled"`
	Password string          `json:"password"`
	// The caller's own, where the change needs them: see takesProof.
	OwnPassword string `json:"own_password"`
	Code        string `json:"code"`
}

func (in *accountInput) check() error {
	if !slices.Contains(accountRoles, in.Role) {
		return invalid("role", fmt.Sprintf("must be one of %v", accountRoles))
	}
	if in.Password != "" {
		if err := checkPassword("password", in.Password); err != nil {
			return err
		}
	}
	return checkLine("name", in.Name, 120)
}

// takesProof tells that a change makes its author somebody else or gives all powers
// away, for which a session left open on a desk is not enough: a password for an
// account that there is, whose deeds would be its owner's, and whoever becomes an
// admin. old is nil for a new account.
func (in *accountInput) takesProof(old *checkpoint.Staff) bool {
	return old != nil && in.Password != "" || in.Role == checkpoint.RoleAdmin && (old == nil || old.Role != checkpoint.RoleAdmin)
}

// proveForAccount has the caller prove who they are if the change takes it.
func (s *Server) proveForAccount(c *fiber.Ctx, login string, in *accountInput) (proven bool, err error) {
	old, _ := s.store.Registry().Staff(login)
	if !in.takesProof(old) {
		return false, nil
	}
	if in.OwnPassword == "" {
		return false, errUnproven
	}
	return true, s.proveMyself(c, "own_password", in.OwnPassword, in.Code)
}

var errUnproven = invalid("own_password", "is missing: another password of an account, or a new admin, takes your own password, and a code if you have a second factor")

// checkPassword takes a new password.
func checkPassword(field, password string) error {
	if utf8.RuneCountInString(password) < minPassword || len(password) > maxPassword {
		return invalid(field, fmt.Sprintf("must have at least %d characters and at most %d bytes", minPassword, maxPassword))
	}
	return nil
}

// handleStaff lists the accounts in the caller's scope.
func (s *Server) handleStaff(c *fiber.Ctx) error {
	who, accounts := principalOf(c), []accountView{}
	for _, st := range s.store.Registry().StaffList() {
		if s.reaches(who, st.Grid) {
			accounts = append(accounts, viewOfAccount(st))
		}
	}
	return c.JSON(fiber.Map{"staff": accounts})
}

// handlePutStaff adds or replaces an account, with the caller's own password where it
// takesProof. Another password, role, scope or state ends its sessions.
func (s *Server) handlePutStaff(c *fiber.Ctx) error {
	var in accountInput
	if err := decode(c, &in); err != nil {
		return err
	}
	login, err := pathCode(c, "login", "login", in.Login)
	if err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	proven, err := s.proveForAccount(c, login, &in)
	if err != nil {
		return err
	}
	hash := ""
	if in.Password != "" {
		if hash, err = s.familiar.hash(s.context(c), in.Password); err != nil {
			return err
		}
	}
	err = s.store.Change(s.context(c), func(d *checkpoint.Draft) error {
		st := checkpoint.Staff{Login: login, Name: in.Name, Role: in.Role, Grid: in.Grid, Disabled: in.Disabled, PasswordHash: hash}
		old, known := d.Staff(login)
		if !proven && in.takesProof(old) { // it has come to be meanwhile
			return errUnproven
		}
		if known && hash == "" && st.Role != checkpoint.RoleGuard {
			st.PasswordHash = old.PasswordHash
		}
		if st.PasswordHash == "" && st.Role != checkpoint.RoleGuard {
			return invalid("password", "is missing: a new account, or one that was a guard's, needs one")
		}
		if known {
			st.Epoch, st.BadgeHash = old.Epoch, old.BadgeHash
			st.TOTP = old.TOTP && st.Role != checkpoint.RoleGuard
			if hash != "" || st.Role != old.Role || st.Grid != old.Grid || st.Disabled != old.Disabled {
				st.Epoch++
			}
		}
		if err := d.PutStaff(st); err != nil {
			return err
		}
		return keepsAdmin(d)
	})
	if err != nil {
		return err
	}
	now, ok := s.store.Registry().Staff(login)
	if !ok {
		return fmt.Errorf("gateway: account %s is not there after it was put", login)
	}
	return c.JSON(viewOfAccount(now))
}

// keepsAdmin refuses a change after which nobody could change anything.
func keepsAdmin(d *checkpoint.Draft) error {
	for _, st := range d.StaffList() {
		if st.Role == checkpoint.RoleAdmin && !st.Disabled {
			return nil
		}
	}
	return invalid("role", "this is the last admin: make another one first")
}
