//! Building worlds. What is said of things that are not there is ignored.

use super::world::{Member, Organization, Team, TeamMember, User, World};

/// When everything began.
pub const SINCE: &str = "2022-01-01T00:00:00.000Z";

impl World {
    /// Nothing at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds an organization without anybody in it.
    pub fn add_organization(&mut self, id: &str, slug: &str, name: &str) -> &mut Self {
        let organization = Organization {
            id: id.to_owned(),
            slug: slug.to_owned(),
            name: name.to_owned(),
            created_at: SINCE.to_owned(),
            members: Vec::new(),
            teams: Vec::new(),
        };
        self.organizations.insert(slug.to_owned(), organization);
        self
    }

    /// Changes an organization.
    pub fn edit_organization(
        &mut self,
        slug: &str,
        change: impl FnOnce(&mut Organization),
    ) -> &mut Self {
        if let Some(organization) = self.organizations.get_mut(slug) {
            change(organization);
        }
        self
    }

    /// Adds a user, who is in no organization yet.
    pub fn add_user(&mut self, id: &str, name: &str, email: &str) -> &mut Self {
        let user = User {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            created_at: SINCE.to_owned(),
            bot: false,
            machine_user: false,
        };
        self.users.insert(id.to_owned(), user);
        self
    }

    /// Changes a user.
    pub fn edit_user(&mut self, id: &str, change: impl FnOnce(&mut User)) -> &mut Self {
        if let Some(user) = self.users.get_mut(id) {
            change(user);
        }
        self
    }
}

/// Members of organizations.
impl World {
    /// Puts a user into an organization, who must use single sign-on there.
    pub fn add_member(&mut self, org: &str, user: &str, role: &str) -> &mut Self {
        let member = Member {
            user: user.to_owned(),
            role: role.to_owned(),
            sso_mode: "required".to_owned(),
            created_at: SINCE.to_owned(),
            last_seen_at: None,
            complimentary: false,
            two_factor: false,
        };
        self.edit_organization(org, |org| org.members.push(member))
    }

    /// Changes a membership of an organization.
    pub fn edit_member(
        &mut self,
        org: &str,
        user: &str,
        change: impl FnOnce(&mut Member),
    ) -> &mut Self {
        self.edit_organization(org, |org| {
            if let Some(member) = org.members.iter_mut().find(|one| one.user == user) {
                change(member);
            }
        })
    }

    /// Takes a user out of an organization. The account stays, and so does what teams say of it.
    pub fn remove_member(&mut self, org: &str, user: &str) -> &mut Self {
        self.edit_organization(org, |org| org.members.retain(|one| one.user != user))
    }
}

/// Teams.
impl World {
    /// Adds a visible team that nobody is in, without a description and a creator.
    pub fn add_team(&mut self, org: &str, id: &str, slug: &str, name: &str) -> &mut Self {
        let team = Team {
            id: id.to_owned(),
            slug: slug.to_owned(),
            name: name.to_owned(),
            description: None,
            privacy: "visible".to_owned(),
            default: false,
            created_at: SINCE.to_owned(),
            created_by: None,
            default_member_role: "member".to_owned(),
            members: Vec::new(),
        };
        self.edit_organization(org, |org| org.teams.push(team))
    }

    /// Changes a team.
    pub fn edit_team(&mut self, org: &str, id: &str, change: impl FnOnce(&mut Team)) -> &mut Self {
        self.edit_organization(org, |org| {
            if let Some(team) = org.teams.iter_mut().find(|team| team.id == id) {
                change(team);
            }
        })
    }

    /// Makes a team secret.
    pub fn make_secret(&mut self, org: &str, id: &str) -> &mut Self {
        self.edit_team(org, id, |team| team.privacy = "secret".to_owned())
    }

    /// Deletes a team.
    pub fn remove_team(&mut self, org: &str, id: &str) -> &mut Self {
        self.edit_organization(org, |org| org.teams.retain(|team| team.id != id))
    }

    /// Puts a user into a team, whether or not they are in its organization.
    pub fn add_to_team(&mut self, org: &str, team: &str, user: &str, role: &str) -> &mut Self {
        let member = TeamMember {
            user: user.to_owned(),
            role: role.to_owned(),
            created_at: SINCE.to_owned(),
        };
        self.edit_team(org, team, |team| team.members.push(member))
    }

    /// Takes a user out of a team.
    pub fn remove_from_team(&mut self, org: &str, team: &str, user: &str) -> &mut Self {
        self.edit_team(org, team, |team| {
            team.members.retain(|one| one.user != user);
        })
    }
}
