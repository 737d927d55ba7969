import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.crypto import salted_hmac


class UserManager(BaseUserManager):
    def create_user(self, username, password):
        user = self.model(username=username)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """A UUID as primary key, and sessions that also end when `token` changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    username = models.CharField(max_length=50, unique=True)
    is_active = models.BooleanField(default=True)
    token = models.CharField(max_length=20, default='first')

    USERNAME_FIELD = 'username'
    objects = UserManager()

    def get_session_auth_hash(self):
        return salted_hmac('accounts.session', self.password + self.token).hexdigest()


class AccountSession(AbstractBaseSession):
    """`kind` is NOT NULL, and its default is one of Python, which the database does not know."""

    account_id = models.CharField(max_length=36, null=True, db_index=True)
    kind = models.CharField(max_length=10, default='web')

    @classmethod
    def get_session_store_class(cls):
        from .sessions import SessionStore

        return SessionStore
