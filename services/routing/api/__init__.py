"""What routing serves: presence, offers, tasks, the worklist and queues."""

from services.routing.api import advisers, offers, tasks, worklist

SERVES = (*advisers.SERVES, *offers.SERVES, *worklist.SERVES, *tasks.SERVES)
