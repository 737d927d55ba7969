from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from .models import AccountSession


class AccountStore(DatabaseStore):
    """The name of this class is part of the salt."""

    @classmethod
    def get_model_class(cls):
        return AccountSession

    def create_model_instance(self, data):
        session = super().create_model_instance(data)
        session.account_id = data.get('_auth_user_id')
        session.kind = data.get('kind', 'web')
        return session


SessionStore = AccountStore
