"""What crm serves: the record of each enquiry, what people decide about it, and the citizens behind it."""

from services.crm.api import citizens, decisions, enquiries

SERVES = (*enquiries.SERVES, *decisions.SERVES, *citizens.SERVES)
