"""A Django site that does with a session what it is told: the other side of the live tests.

    lab.py '{"SECRET_KEY": …, "DATABASES": …}'

takes settings as JSON (see lab_settings.py), prints the port it listens on, and ends with its standard input. A request is a JSON list of deeds,
each `[name, …arguments]`; the answer is the list of what they returned.
"""
import json
import logging
import os
import sys
import threading
import time
import traceback
from datetime import timedelta
from types import SimpleNamespace

import django
from django.core import signing
from django.core.management import call_command
from django.http import JsonResponse
from django.urls import path
from django.utils import timezone

os.environ['DJANGO_SETTINGS_MODULE'] = 'lab_settings'
django.setup()
logging.disable(logging.CRITICAL)

from django.contrib import messages  # noqa: E402
from django.contrib.auth import login, logout, update_session_auth_hash  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

BACKEND = 'django.contrib.auth.backends.ModelBackend'

# Seconds that this site is ahead of the clock on the wall. Whoever asks Django for the time is told so.
ahead = 0
now, seconds = timezone.now, time.time
timezone.now = lambda: now() + timedelta(seconds=ahead)
signing.time = SimpleNamespace(time=lambda: seconds() + ahead)


def clock(get_response):
    def middleware(request):
        global ahead
        ahead = float(request.headers.get('X-Ahead', 0))
        return get_response(request)

    return middleware


NAMED = {'float': 1.0, 'big': 2**70, 'nan': float('nan'), 'infinity': float('-inf'), 'tiny': 1e-300}

gates, known = {}, threading.Condition()


def hold(name):
    with known:
        gates[name] = threading.Event()
        known.notify_all()
    assert gates[name].wait(20), f'{name} was not released'


def held(name):
    with known:
        assert known.wait_for(lambda: name in gates, 20), f'nobody holds at {name}'


def change_password(request, name, password, keep):
    user = request.user if keep else User.objects.get(username=name)
    user.set_password(password)
    user.save()
    if keep:
        update_session_auth_hash(request, user)


def delete(request, name):
    there = name in request.session
    if there:
        del request.session[name]
    return there


def is_open(name):
    return name == '__proto__' or not name.startswith('_')


def shown(message):
    return {'level': message.level, 'message': str(message), 'extraTags': message.extra_tags or ''}


DEEDS = {
    'set': lambda request, name, value: request.session.__setitem__(name, value),
    'named': lambda request, name, value: request.session.__setitem__(name, NAMED[value]),
    'get': lambda request, name: request.session.get(name),
    'repr': lambda request, name: repr(request.session.get(name)),
    'increment': lambda request, name: request.session.__setitem__(name, request.session.get(name, 0) + 1),
    'has': lambda request, name: name in request.session,
    'names': lambda request: sorted(filter(is_open, request.session.keys())),
    'delete': delete,
    'pop': lambda request, name: request.session.pop(name, None),
    'clear': lambda request: request.session.clear(),
    'flush': lambda request: request.session.flush(),
    'cycle': lambda request: request.session.cycle_key(),
    'expire': lambda request, seconds: request.session.set_expiry(seconds),
    'expireAt': lambda request, seconds: request.session.set_expiry(timezone.now() + timedelta(seconds=seconds)),
    'lives': lambda request: round(request.session.get_expiry_age()),
    'endsWithBrowser': lambda request: request.session.get_expire_at_browser_close(),
    'login': lambda request, name: login(request, User.objects.get(username=name), backend=BACKEND),
    'logout': lambda request: logout(request),
    'user': lambda request: request.user.username if request.user.is_authenticated else None,
    'password': change_password,
    'activate': lambda request, name, active: User.objects.filter(username=name).update(is_active=active) and None,
    'message': lambda request, level, text, tags='': messages.add_message(request, level, text, extra_tags=tags),
    'messages': lambda request: [shown(message) for message in messages.get_messages(request)],
    'setTestCookie': lambda request: request.session.set_test_cookie(),
    'testCookieWorked': lambda request: request.session.test_cookie_worked(),
    'deleteTestCookie': lambda request: request.session.delete_test_cookie(),
    'clearExpired': lambda request: call_command('clearsessions'),
    'hold': lambda request, name: hold(name),
    'held': lambda request, name: held(name),
    'release': lambda request, name: gates[name].set(),
}


def perform(request):
    try:
        return JsonResponse([DEEDS[name](request, *arguments) for name, *arguments in json.loads(request.body)], safe=False)
    except Exception:
        return JsonResponse([traceback.format_exc()], safe=False, status=500)


urlpatterns = [path('', perform)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


call_command('migrate', verbosity=0)
for username in ('ada', 'eve'):
    User.objects.create_user(username, password='secret')

server = ThreadedWSGIServer(('127.0.0.1', 0), Quiet)
server.daemon_threads = True
server.set_app(get_wsgi_application())
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
